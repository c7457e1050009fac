import type { Finding } from '../../domain/finding.js'
import { formatCount } from '../../domain/quantities.js'
import { quoteRelation } from '../../sql/names.js'
import type { Check } from '../check.js'
import { concernedParameter, isConcerned, nameOf } from './concerned-tables.js'

/** Half of the way to the end, and five times the age at which autovacuum begins to freeze, as the server comes. */
export const oldAge = 1_000_000_000

/**
 * 40 million transactions before the end the server begins to warn, and at 3 million it takes no more:
 * https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND
 */
export const lastAge = 2 ** 31 - 40_000_000

/** How near the server is to running out of transaction or multixact ids, of which every migration needs some. */
export const wraparoundAge: Check = {
  code: 'wraparound-age',
  title: 'no transaction id is old enough to bring wraparound near',
  steps: ['check', 'verify'],
  find: async (reader, context) => {
    const databases = await reader.query(
      `SELECT d.datname AS name, GREATEST(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) AS age
         FROM pg_catalog.pg_database d
        WHERE GREATEST(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) >= $1 ORDER BY 1`,
      [oldAge],
    )
    const found: Finding[] = databases.rows.map(({ name, age }) => ({
      code: wraparoundAge.code,
      kind: 'health',
      // The limit is the whole server's, whichever database comes near it.
      verdict: Number(age) >= lastAge ? 'block' : 'warn',
      step: context.step,
      object: String(name),
      message: `the oldest transaction id of database "${name}" is ${formatCount(Number(age))} transactions old; at 2,147,483,648 the server stops taking writes`,
      hint: 'Find what holds vacuum up (old transactions, prepared transactions, replication slots), then run VACUUM (FREEZE) in that database.',
    }))
    // In an audit every table may be due, which is nobody's worry.
    if (context.concerned === undefined) return found
    const tables = await reader.query(
      `SELECT n.nspname AS schema, c.relname AS name
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
        WHERE ${isConcerned} AND c.relkind IN ('r', 'm')
          AND (GREATEST(pg_catalog.age(c.relfrozenxid), pg_catalog.age(toast.relfrozenxid))
                 > pg_catalog.current_setting('autovacuum_freeze_max_age')::int
            OR GREATEST(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(toast.relminmxid))
                 > pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::int)
        ORDER BY 1, 2`,
      [concernedParameter(context)],
    )
    const due = tables.rows as unknown as { schema: string; name: string }[]
    return [
      ...found,
      ...due.map(
        (table): Finding => ({
          code: wraparoundAge.code,
          kind: 'health',
          verdict: 'warn',
          step: context.step,
          object: nameOf(table, context),
          message: `an autovacuum against wraparound is due on "${nameOf(table, context)}"; it does not give way to a statement that waits for it`,
          hint: 'Vacuum the table before the deploy, so that no autovacuum begins in the middle of it.',
          fixSql: `VACUUM (FREEZE) ${quoteRelation(table.schema, table.name)};`,
        }),
      ),
    ]
  },
}
