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
      SELECT name, schema, "table", "disabledOn" FROM (
        SELECT o.conname AS name, n.nspname AS schema, c.relname AS table, o.convalidated AS valid,
               (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.format('%I.%I', tn.nspname, tc.relname))
                  FROM pg_catalog.pg_trigger t
                  JOIN pg_catalog.pg_class tc ON tc.oid = t.tgrelid
                  JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
                 WHERE t.tgconstraint = o.oid AND t.tgenabled NOT IN ('O', 'A')) AS "disabledOn"
          FROM pg_catalog.pg_constraint o
          JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE o.contype = 'f' AND c.relpersistence <> 't') AS key
       WHERE NOT valid OR "disabledOn" IS NOT NULL
       ORDER BY 2, 3, 1`)
    return (rows as unknown as ForeignKey[]).map((key) => findingFor(key, step))
  },
}

interface ForeignKey {
  readonly name: string
  readonly schema: string
  readonly table: string
  /** The tables, at either end of the key, whose triggers of it are off. */
  readonly disabledOn: readonly string[] | null
}

function findingFor({ name, schema, table, disabledOn }: ForeignKey, step: Finding['step']): Finding {
  const common = {
    code: foreignKeys.code,
    kind: 'health',
    verdict: 'warn',
    step,
    object: `${table}.${name}`,
  } as const
  if (disabledOn !== null) {
    return {
      ...common,
      message: `the triggers of foreign key "${name}" on "${table}" are disabled: it does not enforce what it says`,
      hint: 'Enable the triggers, then look for orphans.',
      fixSql: disabledOn.map((relation) => `ALTER TABLE ${relation} ENABLE TRIGGER ALL;`).join('\n'),
    }
  }
  return {
    ...common,
    message: `foreign key "${name}" on "${table}" is NOT VALID: rows from before it were never checked`,
    hint: 'Validate it; that takes no lock that stops reads or writes.',
    fixSql: `ALTER TABLE ${quoteRelation(schema, table)} VALIDATE CONSTRAINT ${quoteIdentifier(name)};`,
  }
}
