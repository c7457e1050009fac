import type { Finding } from '../domain/finding.js'
import { quoteIdentifier, quoteRelation } from '../sql/names.js'
import type { Check } from './check.js'

/** Foreign keys that look as if they protect the data and do not: NOT VALID, or with their triggers switched off. */
export const foreignKeys: Check = {
  code: 'foreign-key-not-enforced',
  title: 'every foreign key is validated and its triggers are on',
  steps: ['check', 'verify'],
  find: async (reader, { step }) => {
    const { rows } = await reader.query(`
      SELECT o.conname AS name, n.nspname AS schema, c.relname AS table, o.convalidated AS valid,
             EXISTS (SELECT FROM pg_catalog.pg_trigger t
                      WHERE t.tgconstraint = o.oid AND t.tgenabled NOT IN ('O', 'A')) AS disabled
        FROM pg_catalog.pg_constraint o
        JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE o.contype = 'f'
         AND (NOT o.convalidated OR EXISTS (SELECT FROM pg_catalog.pg_trigger t
                                             WHERE t.tgconstraint = o.oid AND t.tgenabled NOT IN ('O', 'A')))
       ORDER BY 2, 3, 1`)
    return (rows as unknown as ForeignKey[]).map((key) => findingFor(key, step))
  },
}

interface ForeignKey {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly disabled: boolean
}

function findingFor({ name, schema, table, disabled }: ForeignKey, step: Finding['step']): Finding {
  const relation = quoteRelation(schema, table)
  return {
    code: foreignKeys.code,
    kind: 'health',
    verdict: 'warn',
    step,
    object: `${table}.${name}`,
    message: disabled
      ? `the triggers of foreign key "${name}" on "${table}" are disabled: it enforces nothing`
      : `foreign key "${name}" on "${table}" is NOT VALID: rows from before it were never checked`,
    hint: disabled
      ? 'Enable the triggers, then look for orphans.'
      : 'Validate it; that takes no lock that stops reads or writes.',
    fixSql: disabled
      ? `ALTER TABLE ${relation} ENABLE TRIGGER ALL;`
      : `ALTER TABLE ${relation} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`,
  }
}
