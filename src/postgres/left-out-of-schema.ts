import { effect } from '../effects/effect.js'
import { quoteIdentifier, quoteRelation } from '../sql/names.js'
import type { Client } from './connection.js'

/*
 * A dump of the schema alone leaves out where sequences stand, which materialized views are filled, and the indexes that
 * are not valid. What a statement does depends on each of them: https://www.postgresql.org/docs/current/app-pgdump.html
 */

/**
 * Makes a database that a dump of the schema was restored into alike in what such a dump leaves out.
 * @param copy of a superuser, or else of the role that owns everything there
 * @param target is only read
 */
export async function addLeftOut(copy: Client, target: Client): Promise<void> {
  const { rows } = await copy.query(
    'SELECT rolsuper AS is_superuser FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER',
  )
  const isSuperuser: boolean = rows[0].is_superuser
  await addInvalidIndexes(copy, target, isSuperuser)
  await fillViews(copy, target, isSuperuser)
  await setSequences(copy, target)
}

const notOfServer = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'"

/** Where sequences stand, as far as the role may read them. So many are read with one query. */
const mostSequences = 500

async function setSequences(copy: Client, target: Client): Promise<void> {
  const { rows: names } = await target.query(`
    SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_catalog.pg_sequence s
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${notOfServer} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
       AND pg_catalog.has_table_privilege(c.oid, 'SELECT')`)
  for (let from = 0; from < names.length; from += mostSequences) {
    const some = names
      .slice(from, from + mostSequences)
      .map(({ schema, name }) => quoteRelation(schema, name))
    const { rows } = await target.query(
      some
        .map(
          (name) =>
            `SELECT ${target.escapeLiteral(name)} AS name, last_value::text AS at, is_called AS called FROM ${name}`,
        )
        .join(' UNION ALL '),
    )
    await effect('twin.sequences', () =>
      copy.query(
        `SELECT pg_catalog.setval(pg_catalog.to_regclass(v.name), v.at, v.called)
           FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::int8[]), pg_catalog.unnest($3::bool[]))
                  AS v (name, at, called)
          WHERE pg_catalog.to_regclass(v.name) IS NOT NULL`,
        [rows.map(({ name }) => name), rows.map(({ at }) => at), rows.map(({ called }) => called)],
      ),
    )
  }
}

/** A view that was never filled refuses to be read. Those that the target has filled are full of the rows of empty tables here. */
async function fillViews(copy: Client, target: Client, isSuperuser: boolean): Promise<void> {
  const { rows } = await target.query(`
    SELECT n.nspname::text AS schema, c.relname::text AS name
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'm' AND c.relispopulated AND ${notOfServer} ORDER BY c.oid`)
  const views = rows.map(({ schema, name }) => quoteRelation(schema, name))
  if (views.length === 0) return
  await effect('twin.views', async () => {
    // No query of anybody's is run for it.
    if (isSuperuser)
      await copy.query(
        `UPDATE pg_catalog.pg_class SET relispopulated = true
          WHERE relkind = 'm' AND oid IN (SELECT pg_catalog.to_regclass(v) FROM pg_catalog.unnest($1::text[]) v)`,
        [views],
      )
    else for (const view of views) await copy.query(`REFRESH MATERIALIZED VIEW ${view}`)
  })
}

/**
 * What a CREATE INDEX CONCURRENTLY has left that did not come to its end. One over an expression is made over a constant
 * instead: its name is taken, and no code of anybody's is looked at.
 */
async function addInvalidIndexes(copy: Client, target: Client, isSuperuser: boolean): Promise<void> {
  const { rows } = await target.query(`
    SELECT n.nspname::text AS schema, i.relname::text AS name, c.relname::text AS table,
           x.indexprs IS NULL AND x.indpred IS NULL AS is_plain, x.indisready AS ready,
           pg_catalog.pg_get_indexdef(x.indexrelid) AS definition
      FROM pg_catalog.pg_index x
      JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
      JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT x.indisvalid AND c.relkind <> 'p' AND ${notOfServer}`)
  for (const { schema, name, table, is_plain, ready, definition } of rows) {
    const stub = `CREATE INDEX ${quoteIdentifier(name)} ON ${quoteRelation(schema, table)} ((1))`
    await effect('twin.indexes', async () => {
      await copy.query(is_plain ? definition : stub)
      if (!isSuperuser) return
      await copy.query(
        'UPDATE pg_catalog.pg_index SET indisvalid = false, indisready = $2 WHERE indexrelid = $1::regclass',
        [quoteRelation(schema, name), ready],
      )
    })
  }
}
