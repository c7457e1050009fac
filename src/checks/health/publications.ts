import type { Finding } from '../../domain/finding.js'
import { quoteRelation } from '../../sql/names.js'
import type { Check, CheckContext } from '../check.js'
import { concernedParameter, isConcerned, nameOf } from './concerned-tables.js'

/**
 * Tables whose UPDATE and DELETE the server refuses, because a publication must tell its subscribers which row it was
 * and cannot: https://www.postgresql.org/docs/current/logical-replication-publication.html
 */
export const publications: Check = {
  code: 'publication-without-identity',
  title: 'every published table has a replica identity',
  steps: ['check', 'verify'],
  find: async (reader, context) => {
    const { rows } = await reader.query(
      `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.json_agg(p.pubname ORDER BY p.pubname) AS publications
         FROM pg_catalog.pg_publication p
         JOIN pg_catalog.pg_publication_tables pt ON pt.pubname = p.pubname
         JOIN pg_catalog.pg_namespace n ON n.nspname = pt.schemaname
         JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = pt.tablename
        WHERE (p.pubupdate OR p.pubdelete) AND ${isConcerned} AND c.relreplident <> 'f'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                           WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
                             AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident END)
        GROUP BY 1, 2 ORDER BY 1, 2`,
      [concernedParameter(context)],
    )
    return (rows as unknown as PublishedTable[]).map((table) => findingFor(table, context))
  },
}

interface PublishedTable {
  readonly schema: string
  readonly name: string
  readonly publications: readonly string[]
}

function findingFor(table: PublishedTable, context: CheckContext): Finding {
  const name = nameOf(table, context)
  const by = table.publications.map((publication) => `"${publication}"`).join(', ')
  return {
    code: publications.code,
    kind: 'health',
    verdict: 'warn',
    step: context.step,
    object: name,
    message: `"${name}" is published by ${by} and has neither primary key nor replica identity: every UPDATE and DELETE of it fails`,
    hint: 'Give it a primary key; REPLICA IDENTITY FULL helps at once and makes each change more expensive.',
    fixSql: `ALTER TABLE ${quoteRelation(table.schema, table.name)} REPLICA IDENTITY FULL;`,
  }
}
