import { CheckError } from '../domain/errors.js'
import type { PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import type { ForecastFile } from '../forecast/file.js'
import { type ParsedStatement, parseStatements } from '../sql/parser.js'

/** A file that cannot be read stops the deploy by itself, and nothing after it runs. */
export function takeReadable({
  pending,
  findings,
}: Pick<Plan, 'pending' | 'findings'>): readonly PendingMigration[] {
  const unreadable = new Set(
    findings
      .filter(({ step, verdict, kind }) => step === 'plan' && verdict === 'block' && kind === 'failure')
      .map(({ migration }) => migration),
  )
  const stop = pending.findIndex(({ name }) => unreadable.has(name))
  return stop < 0 ? pending : pending.slice(0, stop)
}

/** The plan keeps text, which can be written to a file; the trees are made again. */
export function parsePending({ name, file, statements, execution }: PendingMigration): ForecastFile {
  const parsed = statements.flatMap(({ kind: _, ...statement }): ParsedStatement[] => {
    const { sql, line } = statement
    const again = parseStatements(sql)
    if ('problem' in again) {
      throw new CheckError('sql-not-parsed', `${file}, line ${line}: ${again.problem.message}`, {
        hint: 'Make several statements of it.',
      })
    }
    return again.statements.map((tree) => ({ ...tree, ...statement }))
  })
  return { migration: name, file, statements: parsed, execution }
}
