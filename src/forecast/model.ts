import type { RelationName } from '../sql/names.js'
import type { Node } from '../sql/parser.js'

/**
 * A type. Columns and expressions are bound to the object, not to its name, so that the usual way to re-create an enum
 * (create the new one, cast the column, rename both) needs no replacement of names.
 */
export interface TypeObject {
  readonly oid?: number
  schema: string
  name: string
  readonly kind: 'base' | 'enum' | 'domain' | 'composite' | 'range' | 'pseudo'
  /** The type as today's server knows it, quoted and qualified; absent when it does not exist today. */
  live?: string
  /** Of an enum: its labels, in order, at this point of the chain. */
  labels: string[]
  /** Labels of an enum that the transaction now running has added, which it may not use yet. */
  readonly addedNow: Set<string>
  /** Of a domain. */
  readonly base?: ColumnType
  domainNotNull?: boolean
  domainChecks?: DomainCheck[]
  domainDefault?: Node
  /** The operator by which its values are equal, where it is not the server's own `=`: `OPERATOR(public.=)` of citext. */
  readonly equality?: string
  /** `pg_type.typcategory`, e.g. `S` for strings. */
  readonly category: string
  isDropped: boolean
}

/** A CHECK of a domain. */
export interface DomainCheck {
  readonly name: string
  /** Over VALUE. */
  readonly expression: Node
  isValidated: boolean
}

/** The type of a column or of a cast: a type object, its modifiers and whether it is an array of it. */
export interface ColumnType {
  readonly object: TypeObject
  /** E.g. `(6)`, `(10,2)`; empty without one. */
  readonly modifiers: string
  readonly isArray: boolean
  /** The server's own words for it today, where it has them: `character varying(6)`. */
  readonly liveText?: string
}

/** A sequence, with the values it held when the catalog was read. */
export interface SequenceObject {
  readonly oid?: number
  schema: string
  name: string
  /** Quoted and qualified as it is called today; absent when it does not exist today. */
  readonly live?: string
  readonly increment: number
  readonly start: number
  /** The role in use may read what it gives next. */
  readonly isReadable: boolean
  /** How many values the chain has taken from it, as SQL over today's tables. */
  taken: string[]
  ownedBy?: Column
}

/** A column of a relation at one point of the chain. Constraints and indexes point at the object, so a rename costs nothing. */
export interface Column {
  name: string
  /** Its name in today's table; absent when it does not exist today. */
  readonly liveName?: string
  /** `pg_attribute.attnum` of today's table. */
  readonly liveNumber?: number
  type: ColumnType
  isNotNull: boolean
  /** SQL that yields the column over the row of the relation's source. */
  from: string
  default?: Node
  /** Of `GENERATED ALWAYS AS (…) STORED`. */
  generated?: Node
  identity?: 'always' | 'by default'
  sequence?: SequenceObject
  /** Quoted and qualified, where it is not the type's own. */
  collation?: string
  /** Why its values cannot be known; absent when they can. */
  opaque?: string
  /** The statement that added it, by its place; absent when it exists today. */
  addedAt?: object
}

export type ConstraintKind = 'primary key' | 'unique' | 'foreign key' | 'check' | 'exclusion' | 'not null'

/** ON DELETE and ON UPDATE. */
export type ReferentialAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default'

export interface Constraint {
  readonly oid?: number
  name: string
  readonly kind: ConstraintKind
  /** Its own columns: the key of a key, the referencing side of a foreign key, the columns that a check reads. */
  columns: Column[]
  isValidated: boolean
  readonly isDeferrable: boolean
  readonly isInitiallyDeferred: boolean
  /** Of a check: bound to columns and types. */
  readonly expression?: Node
  /** Of a foreign key. */
  readonly parent?: Relation
  readonly parentColumns?: Column[]
  /** Of several unique indexes on those columns, the one that it leans on. */
  readonly parentIndex?: IndexObject
  readonly onDelete?: ReferentialAction
  readonly onUpdate?: ReferentialAction
  /** MATCH FULL */
  readonly isMatchFull?: boolean
  /** Of an exclusion constraint: one for each key of its index, e.g. `OPERATOR(pg_catalog.&&)`. */
  readonly operators?: readonly string[]
  /** The index behind a primary key, unique or exclusion constraint. */
  readonly index?: IndexObject
}

/** PARTITION BY … */
export interface PartitionKey {
  readonly keys: readonly IndexKey[]
}

/** A key of an index: a column, or an expression bound to columns. */
export interface IndexKey {
  readonly column?: Column
  readonly expression?: Node
  /** Quoted and qualified, where it is not the column's own. */
  readonly collation?: string
}

export interface IndexObject {
  readonly oid?: number
  name: string
  readonly isUnique: boolean
  isValid: boolean
  readonly keys: readonly IndexKey[]
  /** INCLUDE (…) */
  readonly included: readonly Column[]
  /** Of a partial index. */
  readonly predicate?: Node
  readonly areNullsNotDistinct: boolean
  readonly method: string
  readonly sizeBytes: number
  /** The CREATE INDEX that makes it, in the server's words; absent when it does not exist today. */
  readonly definition?: string
  /** Of a partition's index: the index of the partitioned table that it belongs to. */
  readonly parent?: IndexObject
}

export interface TriggerObject {
  name: string
  readonly isEnabled: boolean
  /** Fires while `session_replication_role` is `replica`. */
  readonly isEnabledInReplica: boolean
  readonly timing: 'before' | 'after' | 'instead of'
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** UPDATE OF these columns; empty for any. */
  readonly columns: readonly Column[]
  readonly isForEachRow: boolean
  /** WHEN (…): over `new` and `old`, bound to columns. */
  readonly when?: Node
  /** `TG_ARGV` */
  readonly arguments: readonly string[]
  /** A constraint trigger that waits for the end of the transaction. */
  readonly isDeferred: boolean
  /** REFERENCING … TABLE AS: names of the rows of the statement, as they are and as they were. */
  readonly newTable?: string
  readonly oldTable?: string
  /** Schema and name of its function. */
  readonly functionName: { readonly schema: string; readonly name: string }
}

/** CREATE RULE: the server rewrites a statement before it runs it. */
export interface RuleObject {
  readonly name: string
  readonly event: 'select' | 'insert' | 'update' | 'delete'
  /** As the server prints it, or as the migration writes it. */
  readonly definition: string
}

/** A relation that the query of a view reads, by the names that its columns had when the view was made. */
export interface ReadRelation {
  readonly relation: Relation
  readonly columns: readonly { readonly column: Column; readonly name: string }[]
}

/** The query of a view, bound to what its names meant when it was made. */
export interface ViewQuery {
  readonly tree: Node
  readonly reads: readonly ReadRelation[]
}

/** A table of a publication. */
export interface PublishedTable {
  /** The columns that it sends, where they are listed. */
  readonly columns?: ReadonlySet<Column>
  /** The columns that its WHERE reads. */
  readonly filtersBy?: ReadonlySet<Column>
}

export interface PublicationObject {
  name: string
  readonly isForAllTables: boolean
  /** TABLES IN SCHEMA */
  readonly schemas: Set<string>
  readonly tables: Map<Relation, PublishedTable>
  publishes: { readonly update: boolean; readonly delete: boolean }
  /** Changes of partitions are sent as those of the published parent. */
  isViaRoot: boolean
}

export type RelationKind = 'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table'

/** Rows as they were before the running transaction replaced them. */
export interface PastContent {
  readonly source: string
  /**
   * No indexed column changed. Where its page has room for the new row, an index does not meet the old one:
   * https://www.postgresql.org/docs/current/storage-hot.html
   */
  readonly mayBeHeapOnly: boolean
}

/** A relation at one point of the chain. */
export interface Relation {
  readonly oid?: number
  schema: string
  name: string
  /** The schema of the target, in which a name needs no schema; absent where no server is asked. */
  home?: string
  readonly kind: RelationKind
  /** Quoted and qualified as it is called today; absent when it does not exist today. */
  readonly live?: string
  columns: Column[]
  constraints: Constraint[]
  indexes: IndexObject[]
  triggers: TriggerObject[]
  rules: RuleObject[]
  /** DISABLE TRIGGER ALL: the triggers behind its foreign keys sleep too. */
  areReferencesAsleep: boolean
  /** What to read to get the present content: today's table, or a link of the chain. */
  source: string
  /** The columns differ from those of the source: a link must be made before it is read. */
  isDirty: boolean
  /** It was made by the migrations and nothing has been put into it. */
  isEmpty: boolean
  /** Why its rows cannot be known; absent when they can. */
  opaque?: string
  /** Contents that the running transaction has replaced, and that an index built in it still meets. */
  past: PastContent[]
  /** Partitions, and tables that inherit from it. */
  children: Relation[]
  parents: Relation[]
  isPartition: boolean
  /** Of a partitioned table. */
  readonly partitionKey?: PartitionKey
  /** Of a partition: its FOR VALUES …, as the parser reads it. */
  bound?: Node
  readonly isTemporary: boolean
  /** Of a temporary table: what becomes of it at the end of the transaction; nothing when absent. */
  onCommit?: 'drop' | 'delete rows'
  isUnlogged?: boolean
  /** Of a view: its query as today's server prints it. */
  definition?: string
  /** Of a view, also a materialized one. */
  query?: ViewQuery
  /** Of a view: what its query read when its source was made. */
  readState?: string
  /** Of a view: the relations it reads. */
  reads: Relation[]
  /** REPLICA IDENTITY; absent for that of the primary key. */
  replicaIdentity?: 'nothing' | 'full' | IndexObject
  hasRowSecurity: boolean
  /** Of a view: row level security hides rows of what it reads from the role that owns it, who may be another. */
  readonly hidesRows?: boolean
  /** FORCE ROW LEVEL SECURITY: it holds for the owner too. */
  isRowSecurityForced: boolean
  /** Columns that policies of it read. */
  readonly policies: { name: string; readonly expressions: readonly string[] }[]
  /** Without indexes and TOAST, in bytes; 0 for one that the migrations make. */
  readonly heapBytes: number
  readonly toastBytes: number
  /** `pg_class.reltuples`; -1 when the server has never counted, 0 for one that the migrations make. */
  readonly rowEstimate: number
  /** The role in use may change its structure. */
  readonly isOwned: boolean
  readonly privileges: ReadonlySet<
    'select' | 'insert' | 'update' | 'delete' | 'truncate' | 'references' | 'trigger'
  >
}

export interface FunctionObject {
  readonly schema: string
  name: string
  readonly language: string
  readonly body: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  /** False for one that the migrations make or replace: today's server cannot call it. */
  readonly isLive: boolean
}

/**
 * The catalog at one point of the chain of pending statements. It starts as the live one; statements change it. Indexes
 * and sequences share their names with relations: https://www.postgresql.org/docs/current/catalog-pg-class.html
 */
export interface CatalogModel {
  /** The schema of the target, in which a name needs no schema; absent where no server is asked. */
  home?: string
  /** Schemas that a name without one is looked up in, in order. */
  searchPath: string[]
  schemas: Set<string>
  relations: Relation[]
  sequences: SequenceObject[]
  types: TypeObject[]
  functions: FunctionObject[]
  publications: PublicationObject[]
  extensions: Set<string>
  readonly serverVersion: number
  /** The server's, unless a statement sets another; absent when it is not known. */
  timeZone?: string
  /** The level that a transaction begins with; absent without a server. */
  defaultIsolation?: string
  /** Names of the server's aggregates; absent when they were not read. */
  aggregates?: ReadonlySet<string>
  readonly role: {
    readonly name: string
    readonly isSuperuser: boolean
    readonly canBypassRowSecurity: boolean
  }
  /** Why a function may not be called on the target; undefined when it is harmless, absent where nothing is called. */
  reasonAgainst?: (name: RelationName) => string | undefined
  /** `session_replication_role` is `replica`: ordinary triggers and foreign keys are asleep. */
  isReplica: boolean
  /** Why the catalog may hold what the chain does not know of, e.g. `the DO block on line 12`; absent when it cannot. */
  opaque?: string
}
