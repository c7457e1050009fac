import type { Node } from '../../sql/parser.js'
import type { CatalogModel, Relation } from '../model.js'
import type { RewrittenFile } from './safe-rewrite.js'

/** The table that an ALTER TABLE changes. */
export interface Place {
  readonly catalog: CatalogModel
  readonly relation: Relation
}

/** What becomes of one command of an ALTER TABLE. */
export interface Part {
  /** Statements before and after those commands that are left of the ALTER TABLE, in its file. */
  readonly before?: readonly string[]
  readonly commands: readonly Node[]
  readonly after?: readonly string[]
  /** What is deployed after it. */
  readonly files: readonly RewrittenFile[]
}
