import { quoteForShell } from '../report/psql-command.js'
import type { Flags } from './flags.js'

/** What the deploy is given anew, or has no use for after the rehearsal. */
const notRepeated = ['accept', 'confirm', 'rehearsal', 'rehearsed', 'format', 'databaseUrl', 'since', 'to']

/**
 * The options of this command line that a deploy of the same plan needs as well: where the project is, and how to deploy. Without
 * them the command that is proposed would find another project, or none. A URL is not repeated, it may hold a password.
 * @returns one text each, ready for a shell
 */
export function optionsToRepeat(flags: Flags): string[] {
  const kept = Object.entries(flags).filter(
    ([name, value]) => typeof value === 'string' && !notRepeated.includes(name),
  )
  return [
    ...(flags.databaseUrl === undefined ? [] : [`--database-url ${quoteForShell('<the same URL>')}`]),
    ...kept.map(([name, value]) => `--${hyphenated(name)} ${quoteForShell(String(value))}`),
  ]
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
