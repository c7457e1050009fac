import type { Node } from '../../sql/parser.js'
import { castTo } from '../casts.js'
import type { Column, Relation } from '../model.js'
import { Rewriter } from '../rewrite.js'
import type { Walk } from '../walk.js'

/** SQL that computes a generated column over a row of its relation. */
export function generatedValue(walk: Walk, relation: Relation, column: Column): string {
  const { sql } = new Rewriter(walk.content).expression(column.generated as Node, [relation])
  return castTo(sql, column.type, 'assignment')
}
