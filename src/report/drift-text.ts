import { type Finding, isBlocking } from '../domain/finding.js'
import { clean, cleanLines } from './words.js'

interface DriftToShow {
  readonly findings: readonly Finding[]
  readonly adopting?: { readonly sql: string; readonly left: readonly string[] }
}

/** The differences, one line each, and the SQL of a migration that adopts them. */
export function formatDrift({ findings, adopting }: DriftToShow, { quiet }: { quiet: boolean }): string {
  const shown = findings.filter((one) => isBlocking(one) || !quiet)
  const lines = shown.map(({ message, accepted, verdict }) => {
    const sign = verdict === 'warn' || accepted !== undefined ? '  (does not block) ' : '  '
    return clean(`${sign}${message}${accepted === undefined ? '' : `; accepted: ${accepted}`}`)
  })
  if (!findings.some(isBlocking))
    return ['the database is what its applied migrations make', ...lines].join('\n')
  const isUnknown = findings.some(({ verdict, accepted }) => verdict === 'unknown' && accepted === undefined)
  return [
    isUnknown
      ? 'whether the database is what its applied migrations make is unknown:'
      : 'the database is not what its applied migrations make:',
    ...lines,
    ...formatAdopting(adopting),
  ].join('\n')
}

function formatAdopting(adopting: DriftToShow['adopting']): string[] {
  if (adopting === undefined) return []
  const { sql, left } = adopting
  return [
    '',
    ...(sql === ''
      ? ['No migration that adopts the differences could be written.']
      : ['A migration that adopts them, tried on a database of our own:', '', ...cleanLines(sql)]),
    ...(left.length === 0 ? [] : ['', 'Left for you to write:', ...left.map((line) => clean(`  ${line}`))]),
  ]
}
