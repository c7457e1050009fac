import { quoteIdentifier } from '../../sql/names.js'
import { withCanonicalTexts } from '../catalog-fingerprint/canonical-session.js'
import { extensionMembers } from '../catalog-fingerprint/fragments.js'
import type { Client } from '../connection.js'
import { columnDefinitions } from './columns.js'
import type { Definition, DefinitionQuery } from './definition.js'
import { otherDefinitions } from './others.js'
import { partDefinitions } from './parts.js'
import { relationDefinitions } from './relations.js'
import { typeDefinitions } from './types.js'

/**
 * Reads how SQL names each object and makes it, by identity. The texts are the server's own. The query is prepared: this is for
 * many looks at one database of our own.
 * @param home what lies in this schema is named without it
 */
export async function readDefinitions(
  client: Client,
  home: string,
): Promise<ReadonlyMap<string, Definition>> {
  return withCanonicalTexts(
    client,
    async () => {
      const { rows } = await client.query({
        name: 'guard_definitions',
        text: definitionsQuery,
        rowMode: 'array',
      })
      return new Map(rows as unknown as [string, Definition][])
    },
    quoteIdentifier(home),
  )
}

const definitionsQuery = `WITH ${extensionMembers}
  ${[relationDefinitions, columnDefinitions, ...partDefinitions, ...typeDefinitions, ...otherDefinitions]
    .map(format)
    .join('\nUNION ALL\n')}`

function format({ identity, fields, from }: DefinitionQuery): string {
  const pairs = Object.entries(fields).map(([field, sql]) =>
    field === 'column' ? `'${field}', ${sql}` : `'${field}', (${sql})::text`,
  )
  return `SELECT (${identity})::text, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(${pairs.join(', ')})) FROM ${from}`
}
