import type { Reader } from '../domain/reader.js'
import { quoteIdentifier } from '../sql/names.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import type { Mark, Ran } from '../twin/twin.js'
import { Chain } from './chain.js'
import { Content } from './content.js'
import { Deferrals } from './deferrals.js'
import type { readColumnsOnTwin } from './from-twin/columns-on-twin.js'
import type { CatalogModel, Column, Constraint, Relation } from './model.js'
import type { Outcome, TogetherOutcome } from './questions.js'
import type { Doubt, Requirement, StatementPlace } from './requirement.js'
import type { Scope } from './rewrite.js'
import { Session } from './session.js'
import { boundColumn, visitTree } from './tree.js'
import { settleView } from './views.js'
import { nobody, type Watcher } from './watcher.js'

/** Asks the target now, in the middle of the walk; gives undefined when the question could not be answered. */
export type Ask = (sql: string) => Promise<Answer | undefined>

export interface Answer {
  readonly rows: Record<string, unknown>[]
  readonly fields: NonNullable<Awaited<ReturnType<Reader['query']>>['fields']>
}

/** Carries a statement that writes rows into the contents; gives a query of the rows that it hits. */
export type Write = (
  walk: Walk,
  kind: 'InsertStmt' | 'UpdateStmt' | 'DeleteStmt' | 'MergeStmt',
  node: Node,
  scope: Scope,
) => Promise<string | undefined>

/** A statement that fails whatever the rows. */
export interface Refusal {
  readonly sqlstate: string
  readonly code: string
  readonly message: string
  readonly object?: string
  readonly isCertain: boolean
}

/** See `followCodeOnTwin`. */
export interface CodeOnTwin {
  /** @throws Raised where the server refuses it, NotFollowed where the twin does not tell */
  run(statement: { kind: string; node: Node; sql: string }, follow: () => Promise<void>): Promise<void>
  /** How the server refuses a statement of the code that reads or writes rows, whatever they are. */
  judge(statement: { kind: string; node: Node; sql: string }): Promise<Refusal | undefined>
  mark(): Promise<Mark>
}

/** Thrown where a statement fails for certain; the walk goes on with the next one. */
export class StatementFails extends Error {}

/** The walk over the pending statements: where it is, what it knows, and what it will have to ask. */
export class Walk {
  readonly content: Content
  readonly deferrals = new Deferrals()
  readonly session: Session
  /** Takes the walk back to each savepoint of the transaction. */
  readonly savepoints = new Map<string, () => void>()
  /** Whether the file takes back by ROLLBACK what it has done. */
  rollsBack = true
  readonly requirements: Requirement[] = []
  readonly doubts: Doubt[] = []
  /** Requirements that were asked on the way and hold. */
  heldCount = 0
  /** Foreign keys past which a statement has written, by schema, table and name, and where. */
  readonly unguarded = new Map<string, StatementPlace>()
  /** Where the triggers of a relation were disabled last. */
  readonly disabledAt = new Map<string, StatementPlace>()
  /** Where the deploy stops by itself, whatever the database, and how many requirements were noted before that. */
  stop: { readonly place: StatementPlace; readonly requirements: number } | undefined
  place: StatementPlace = { migration: '', file: '', index: 0, line: 0 }
  /** The statement runs in a transaction that others run in too. */
  inTransaction = true
  /** What has run in the present transaction. */
  readonly inSameTransaction: ParsedStatement[] = []
  /** How many triggers deep the present statement is: what `pg_trigger_depth()` says. */
  triggerDepth = 0
  /** What the statement may hand to EXECUTE and the target's server cannot read. */
  refusedCommands: NonNullable<ParsedStatement['refusedCommands']> = []
  watcher: Watcher = nobody
  /** Runs on the twin what a block of code does, while the walk follows a block whose own run there does not count. */
  codeOnTwin: CodeOnTwin | undefined
  /** The columns of a relation that the twin has; undefined where there is none. */
  columnsOnTwin:
    | ((relation: Pick<Relation, 'schema' | 'name'>) => ReturnType<typeof readColumnsOnTwin>)
    | undefined
  /** What the twin says of a statement, by its node; of none where there is no twin. */
  readonly onTwin = new WeakMap<Node, Ran>()

  constructor(
    readonly catalog: CatalogModel,
    readonly ask: Ask,
    /** The same for what reads no row: the columns of a query, the catalog. */
    readonly askCatalog: Ask,
    /** For the statements of trigger functions. */
    readonly write: Write,
    /** Asks a requirement now, where the way goes on by the answer. */
    readonly outcomeOf: (requirement: Requirement) => Promise<Outcome>,
    /** Asks many now, together. */
    readonly allHold: (requirements: readonly Requirement[]) => Promise<TogetherOutcome>,
  ) {
    this.session = new Session(catalog)
    this.content = new Content(catalog, new Chain(catalog.searchPath[0] ?? 'public'), settleView)
  }

  need(requirement: Omit<Requirement, 'place'>): void {
    this.requirements.push({ place: this.place, ...requirement })
  }

  /**
   * Notes that this statement fails, whatever the rows.
   * @throws StatementFails
   */
  fail(failure: { code: string; sqlstate: string; object: string; message: string }): never {
    const { message, ...rest } = failure
    this.need({ ...rest, title: message, question: { kind: 'certain', message }, opaque: [] })
    throw new StatementFails()
  }

  /** Notes that this statement writes past a foreign key, or makes one that old rows need not keep. */
  writesPast(relation: Relation, key: Constraint): void {
    const name = keyName(relation, key)
    if (!this.unguarded.has(name)) this.unguarded.set(name, this.place)
  }

  /** Notes that this statement is decided by the rehearsal. */
  doubt(reason: string, object?: string, ownError?: Error): void {
    this.doubts.push({
      place: this.place,
      reason,
      ...(object === undefined ? {} : { object }),
      ...(ownError === undefined ? {} : { ownError }),
    })
  }

  /** The relation's present rows under its own name, for FROM. */
  rowsOf(relation: Relation, alias = relation.name): string {
    return `${this.content.read(relation)} AS ${quoteIdentifier(alias)}`
  }

  /** From here on nothing is known of the relation's rows. */
  blur(relation: Relation, reason: string): void {
    relation.opaque ??= reason
    relation.isEmpty = false
    for (const child of relation.children) this.blur(child, reason)
  }
}

/** Names a constraint among all. */
export function keyName({ schema, name }: Relation, key: Constraint): string {
  return [schema, name, key.name].join('\0')
}

/** The columns that an expression, bound to them, reads. */
export function columnsIn(expression: Node | undefined): Set<Column> {
  const columns = new Set<Column>()
  visitTree(expression, (kind, node) => {
    if (kind === 'ColumnRef' && node[boundColumn]) columns.add(node[boundColumn])
  })
  return columns
}

/** Why the values of these columns cannot be known. */
export function opacityOf(relation: Relation, columns: Iterable<Column>): string[] {
  const reasons = [...columns].map(({ opaque }) => opaque)
  return [...new Set([relation.opaque, ...reasons].filter((reason) => reason !== undefined))]
}

/** Columns that name a row: the primary key, else the first unique key without NULLs; undefined when there is none. */
export function keyOf(relation: Relation): Column[] | undefined {
  const primary = relation.constraints.find(({ kind }) => kind === 'primary key')
  if (primary) return primary.columns
  const unique = relation.indexes.find(
    ({ isUnique, isValid, keys, predicate }) =>
      isUnique && isValid && !predicate && keys.every(({ column }) => column?.isNotNull),
  )
  return unique?.keys.flatMap(({ column }) => column ?? [])
}

/** Columns that a sample of a row shows: its key, and those that it is about. */
export function shownOf(relation: Relation, columns: Iterable<Column>): Column[] {
  return [...new Set([...(keyOf(relation) ?? []), ...columns])]
}

/** The first of them, as SQL. */
export function sampleOf(relation: Relation, columns: Iterable<Column>): string[] {
  return shownOf(relation, columns)
    .slice(0, 6)
    .map(({ name }) => quoteIdentifier(name))
}
