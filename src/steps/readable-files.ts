import { CheckError } from '../domain/errors.js'
import type { PendingMigration } from '../domain/migration.js'
import type { Plan } from '../domain/plan.js'
import type { ForecastFile } from '../forecast/file.js'
import { type ParsedStatement, parseStatements } from '../sql/parser.js'

type Planned = Pick<Plan, 'pending' | 'findings' | 'engine'>

/** A file that cannot be read, or that the engine cannot run, stops the deploy by itself, and nothing after it runs. */
export function takeReadable(plan: Planned): readonly PendingMigration[] {
  const stop = plan.pending.findIndex(({ name }) => stopsOf(plan).has(name))
  return stop < 0 ? plan.pending : plan.pending.slice(0, stop)
}

/** Every pending file, for the forecast: also what stands behind one that stops the deploy is part of what is asked for. */
export function forecastFiles(plan: Planned): ForecastFile[] {
  const stops = stopsOf(plan)
  return plan.pending.map((migration) => {
    const line = stops.get(migration.name)
    return {
      ...parsePending(migration),
      ...(line === undefined ? {} : { stopsAt: line }),
      ...(plan.engine === 'hosted' ? {} : { keepsSession: true }),
    }
  })
}

/** The lines that stop the deploy, by migration. */
function stopsOf({ findings }: Planned): ReadonlyMap<string, number> {
  const stopping = findings.filter(
    ({ step, verdict, kind }) => step === 'plan' && verdict === 'block' && kind === 'failure',
  )
  return new Map(stopping.map(({ migration = '', line = 1 }) => [migration, line]))
}

/** The plan keeps text, which can be written to a file; the trees are made again. */
function parsePending({ name, file, statements, execution }: PendingMigration): ForecastFile {
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
