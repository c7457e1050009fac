import type { Node } from '../../sql/parser.js'
import { bindColumns, bindTypes } from '../bind.js'
import type { CatalogModel, Relation } from '../model.js'
import { parseExpressions } from '../tree.js'

/** Expressions are parsed together at the end: one call of the parser instead of thousands. */
export class Expressions {
  readonly #wanted: { sql: string; relation: Relation; keep: (tree: Node) => void }[] = []

  add(sql: string, relation: Relation, keep: (tree: Node) => void): void {
    this.#wanted.push({ sql, relation, keep })
  }

  parse(catalog: CatalogModel): void {
    const trees = parseExpressions(this.#wanted.map(({ sql }) => sql))
    this.#wanted.forEach(({ relation, keep }, i) => {
      keep(bindTypes(catalog, bindColumns(relation, trees[i] as Node)))
    })
  }
}
