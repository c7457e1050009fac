import type { LockMode } from '../../domain/lock-mode.js'
import { codeIn } from '../../sql/constants.js'
import { relationOf } from '../../sql/names.js'
import { type Node, parseStatements } from '../../sql/parser.js'
import { findRelation } from '../lookup.js'
import type { Claims } from './claim.js'
import { tablesOf } from './family.js'
import { claimParsedQuery } from './queries.js'

export function claimCreateTrigger(claims: Claims, { relation, row, constrrel }: Node): void {
  const table = findRelation(claims.catalog, relationOf(relation))
  if (!table) return
  for (const one of tablesOf(table, { isForEachRow: Boolean(row) }))
    claims.relation(one, 'SHARE ROW EXCLUSIVE')
  if (constrrel) lockNamed(claims, constrrel, 'ACCESS SHARE')
}

/** CREATE and ALTER POLICY. */
export function claimCreatePolicy(claims: Claims, { table, qual, with_check: withCheck }: Node): void {
  lockNamed(claims, table, 'ACCESS EXCLUSIVE')
  claimParsedQuery(claims, [qual, withCheck])
}

export function claimCreateRule(claims: Claims, { relation, actions, whereClause }: Node): void {
  lockNamed(claims, relation, 'ACCESS EXCLUSIVE')
  claimParsedQuery(claims, [actions, whereClause])
}

/** The body of a function in SQL is parsed and what its views read is looked up; other languages are not looked into. */
export function claimCreateFunction(claims: Claims, node: Node): void {
  if (node.sql_body) {
    claimParsedQuery(claims, node.sql_body, { throughViews: true })
    return
  }
  const language = (node.options ?? []).find((option: Node) => option.DefElem?.defname === 'language')
  if (language?.DefElem.arg?.String?.sval?.toLowerCase() !== 'sql') return
  for (const code of codeIn(node)) {
    const parsed = parseStatements(code)
    if ('problem' in parsed) continue
    for (const statement of parsed.statements) {
      claimParsedQuery(claims, { [statement.kind]: statement.node }, { throughViews: true })
    }
  }
}

function lockNamed(claims: Claims, rangeVar: Node, mode: LockMode): void {
  const relation = findRelation(claims.catalog, relationOf(rangeVar))
  if (relation) claims.relation(relation, mode)
}
