import type { OptionsToRepeat } from '../report/next-command.js'
import { quoteForShell } from '../report/psql-command.js'
import type { Flags } from './flags.js'

/** Where the project is; what every command takes that follows. */
const ofProject = ['databaseUrl', 'schema', 'migrations', 'config', 'prismaConfig', 'engine', 'backups']

/** How many of the pending migrations are meant. */
const ofScope = ['upTo', 'steps']

/** What the deploy is given anew, or has no use for after the rehearsal. */
const notRepeated = ['accept', 'confirm', 'rehearsal', 'rehearsed', 'format', 'since', 'to', 'failOn']

/**
 * The options of this command line that the next command needs as well. Without them the command that is proposed would find
 * another project, or none. A URL is not repeated, it may hold a password.
 */
export function optionsToRepeat(flags: Flags): OptionsToRepeat {
  const kept = Object.entries(flags).flatMap(([name, value]) =>
    typeof value === 'string' && !notRepeated.includes(name)
      ? [{ name, text: `--${hyphenated(name)} ${quoteForShell(withoutUrl(value))}` }]
      : [],
  )
  return {
    project: kept.filter(({ name }) => ofProject.includes(name)).map(({ text }) => text),
    scope: kept.filter(({ name }) => ofScope.includes(name)).map(({ text }) => text),
    deploy: kept.map(({ text }) => text),
  }
}

function withoutUrl(value: string): string {
  return /^\w+:\/\//.test(value) ? '<the same URL>' : value
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
