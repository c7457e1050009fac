import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { Claims } from './claim.js'
import { claimParsedQuery, claimQuery, claimViewQuery } from './queries.js'

/** The query is only parsed; a view that is replaced is locked as by ALTER. */
export function claimCreateView(claims: Claims, node: Node): void {
  const present = node.replace ? findRelation(claims.catalog, relationOf(node.view)) : undefined
  if (present) claims.relation(present, 'ACCESS EXCLUSIVE')
  claimParsedQuery(claims, node.query)
}

/** Of CREATE TABLE AS and CREATE MATERIALIZED VIEW; WITH NO DATA does not run the query. */
export function claimCreateTableAs(claims: Claims, { into, query, if_not_exists: mayExist }: Node): void {
  if (mayExist && findRelation(claims.catalog, relationOf(into?.rel))) return
  const [[kind, select] = []] = Object.entries(query as Node)
  if (into?.skipData || kind === undefined) claimParsedQuery(claims, query)
  else claimQuery(claims, kind, select as Node)
}

/** CONCURRENTLY fills a temporary table and changes the rows that differ: https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html */
export function claimRefresh(claims: Claims, { relation, concurrent, skipData }: Node): void {
  const view = findRelation(claims.catalog, relationOf(relation))
  if (!view) return
  if (concurrent) {
    claims.relation(view, 'EXCLUSIVE', { work: 'write' })
    claims.indexesOf(view, 'ROW EXCLUSIVE')
    claims.toastOf(view, 'ROW EXCLUSIVE', { isCertain: false })
  } else {
    claims.rewrite(view)
  }
  if (!skipData) claimViewQuery(claims, view)
}
