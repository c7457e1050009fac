import type { Choices } from './choices.js'

/** What a chain has made so far, as far as the next statement needs it to be valid: no model of the server. */
export interface MadeColumn {
  name: string
  /** As it is written in SQL. */
  type: string
  isKey?: boolean
  isIdentity?: boolean
  isNotNull?: boolean
}

export interface MadeTable {
  schema: string
  name: string
  kind: 'plain' | 'partitioned' | 'partition' | 'child' | 'temporary'
  columns: MadeColumn[]
  /** Of a partition or child. */
  parent?: MadeTable
  /** Of a partitioned table: the column that it is partitioned by. */
  by?: string
  /** Made of a composite type: takes no columns of its own. */
  isTyped?: boolean
  /** Names of constraints and of indexes, as far as they are known. */
  constraints: string[]
  indexes: string[]
}

export interface MadeView {
  schema: string
  name: string
  isMaterialized: boolean
  columns: MadeColumn[]
  reads: (MadeTable | MadeView)[]
}

export interface MadeType {
  schema: string
  name: string
  kind: 'enum' | 'domain' | 'composite'
  labels: string[]
}

export interface MadeName {
  schema: string
  name: string
}

export class SchemaState {
  schemas = ['public']
  tables: MadeTable[] = []
  views: MadeView[] = []
  types: MadeType[] = []
  sequences: MadeName[] = []
  /** Functions without arguments that give an int. */
  functions: MadeName[] = []
  extensions: string[] = []
  /** What the session of a setup has is not there for the one that deploys. */
  isSetup = true
  #count = 0

  constructor(public choices: Choices) {}

  /** A name that is new, or now and then one that is or was there. */
  name(stem: string): string {
    if (this.choices.chance(1, 12) && this.#count > 0) return `${stem}${1 + this.choices.number(this.#count)}`
    this.#count += 1
    return `${stem}${this.#count}`
  }

  schema(): string {
    return this.choices.chance(3, 4) ? 'public' : this.choices.of(this.schemas)
  }

  /** Without its schema where that is `public`, now and then with it. */
  ref({ schema, name }: MadeName): string {
    if (schema === 'pg_temp') return name
    return schema === 'public' && this.choices.chance(5, 6) ? name : `${schema}.${name}`
  }

  storedTables(): MadeTable[] {
    return this.tables.filter(({ kind }) => kind !== 'temporary')
  }

  dropTable(table: MadeTable): void {
    const gone = new Set([table, ...this.tables.filter((one) => isBelow(one, table))])
    this.tables = this.tables.filter((one) => !gone.has(one))
    for (const one of gone) this.dropViewsOf(one)
  }

  dropViewsOf(source: MadeTable | MadeView): void {
    for (const view of this.views.filter(({ reads }) => reads.includes(source))) {
      this.views = this.views.filter((one) => one !== view)
      this.dropViewsOf(view)
    }
  }

  /** Takes the columns of a type away, as CASCADE does. */
  dropColumnsOf(type: string): void {
    const isOfIt = (one: MadeColumn) => one.type.replace('[]', '').split('.').at(-1) === type
    for (const table of this.tables) {
      if (table.columns.some(isOfIt)) this.dropViewsOf(table)
      table.columns = table.columns.filter((one) => !isOfIt(one))
    }
  }

  dropSchema(schema: string): void {
    this.schemas = this.schemas.filter((one) => one !== schema)
    for (const table of this.tables.filter((one) => one.schema === schema)) this.dropTable(table)
    for (const view of this.views.filter((one) => one.schema === schema)) this.dropViewsOf(view)
    this.views = this.views.filter((one) => one.schema !== schema)
    for (const type of this.types.filter((one) => one.schema === schema)) this.dropColumnsOf(type.name)
    this.types = this.types.filter((one) => one.schema !== schema)
    this.sequences = this.sequences.filter((one) => one.schema !== schema)
    this.functions = this.functions.filter((one) => one.schema !== schema)
  }
}

export function isBelow(table: MadeTable, ancestor: MadeTable): boolean {
  return table.parent === ancestor || (table.parent !== undefined && isBelow(table.parent, ancestor))
}
