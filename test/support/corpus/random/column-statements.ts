import type { MadeColumn, MadeTable, SchemaState } from './schema-state.js'
import { type Form, family, newColumn } from './table-statements.js'
import { someType, valuesOf } from './values.js'

interface Picked {
  readonly table: MadeTable
  readonly column: MadeColumn
  /** The table and the column as SQL. */
  readonly t: string
  readonly c: string
}

/**
 * Now and then what the server will refuse: a column of a partition, of a key of partitions, of a typed table.
 * @param changes whether the column itself is to be changed
 */
function pick(state: SchemaState, changes = false): Picked | undefined {
  const isFree = ({ parent, isTyped }: MadeTable) =>
    !changes || !(parent || isTyped) || state.choices.chance(1, 8)
  const table = state.choices.maybe(state.tables.filter((one) => one.columns.length > 0 && isFree(one)))
  if (!table) return undefined
  const free = table.columns.filter(({ name }) => !changes || name !== table.by || state.choices.chance(1, 8))
  const column = state.choices.of(free.length > 0 ? free : table.columns)
  return { table, column, t: state.ref(table), c: column.name }
}

/** One action of ALTER TABLE. */
type Action = (state: SchemaState, picked: Picked) => string | undefined

const addColumn: Action = (state, { table }) => {
  const { column, sql } = newColumn(state)
  for (const one of family(state, table)) if (!one.columns.includes(column)) one.columns.push(column)
  const identity = state.choices.chance(1, 8)
  if (!identity) return `ADD COLUMN ${sql}`
  column.type = 'int'
  column.isIdentity = true
  return `ADD COLUMN ${column.name} int GENERATED ${state.choices.of(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY`
}

const dropColumn: Action = (state, { table, column, c }) => {
  for (const one of family(state, table)) one.columns = one.columns.filter((other) => other !== column)
  state.dropViewsOf(table)
  return `DROP COLUMN ${c}${state.choices.of([' CASCADE', ' CASCADE', ''])}`
}

const changeType: Action = (state, { column, c }) => {
  const type = someType(state)
  column.type = type
  return state.choices.of([
    `ALTER ${c} TYPE text`,
    `ALTER ${c} DROP DEFAULT, ALTER ${c} TYPE ${type} USING ${c}::text::${type}`,
    `ALTER ${c} TYPE ${type} USING NULL`,
  ])
}

const setNotNull: Action = (_, { column, c }) => {
  column.isNotNull = true
  return `ALTER ${c} SET NOT NULL`
}

const addIdentity: Action = (state, { column, c }) => {
  if (!['int', 'bigint'].includes(column.type) && state.choices.chance(7, 8)) return undefined
  column.isIdentity = true
  const identity = `ALTER ${c} ADD GENERATED ${state.choices.of(['ALWAYS', 'BY DEFAULT'])} AS IDENTITY`
  if (column.isNotNull || column.isKey) return identity
  return state.choices.of([
    `ALTER ${c} SET NOT NULL, ${identity}`,
    `${identity}, ALTER ${c} SET NOT NULL`,
    identity,
  ])
}

const dropIdentity: Action = (_, { column, c }) => {
  column.isIdentity = false
  return `ALTER ${c} DROP IDENTITY IF EXISTS`
}

const setDefault: Action = (state, { column, c }) => {
  const fn = state.choices.maybe(state.functions)
  const value = state.choices.of(valuesOf(state, column.type))
  return `ALTER ${c} SET DEFAULT ${fn && column.type === 'int' ? `${state.ref(fn)}()` : value}`
}

const addCheck: Action = (state, { table, column, c }) => {
  const name = state.name('ck')
  for (const one of family(state, table)) one.constraints.push(name)
  const condition = ['int', 'bigint'].includes(column.type)
    ? `${c} < ${state.choices.of([2, 50])}`
    : `${c} IS NOT NULL`
  return `ADD CONSTRAINT ${name} CHECK (${condition})${state.choices.of(['', '', ' NOT VALID'])}`
}

const addUnique: Action = (state, { table, c }) => {
  const name = state.name('uq')
  table.constraints.push(name)
  const hasKey = table.columns.some(({ isKey }) => isKey)
  const keys = table.kind === 'partitioned' && table.by ? `${c === table.by ? 'id' : c}, ${table.by}` : c
  return `ADD CONSTRAINT ${name} ${state.choices.of(['UNIQUE', 'UNIQUE', hasKey ? 'UNIQUE' : 'PRIMARY KEY'])} (${keys})`
}

const addForeignKey: Action = (state, { table, column, c }) => {
  const parent = state.choices.maybe(state.tables.filter(({ columns }) => columns[0]?.isKey))
  if (!parent) return undefined
  const name = state.name('fk')
  table.constraints.push(name)
  const own = column.type === 'int' ? c : 'id'
  return `ADD CONSTRAINT ${name} FOREIGN KEY (${own}) REFERENCES ${state.ref(parent)}${state.choices.of(['', ' ON DELETE CASCADE', ' NOT VALID'])}`
}

const dropConstraint: Action = (state, { table }) => {
  const name = state.choices.maybe(table.constraints)
  if (name === undefined || state.choices.chance(1, 4)) {
    const key = table.columns.find(({ isKey }) => isKey)
    if (!key || table.parent) return undefined
    key.isKey = false
    return `DROP CONSTRAINT ${table.name}_pkey CASCADE`
  }
  for (const one of family(state, table)) one.constraints = one.constraints.filter((other) => other !== name)
  return `DROP CONSTRAINT ${name}${state.choices.of([' CASCADE', ''])}`
}

const validate: Action = (state, { table }) => {
  const name = state.choices.maybe(table.constraints)
  return name && `VALIDATE CONSTRAINT ${name}`
}

const actions: readonly [weight: number, action: Action][] = [
  [5, addColumn],
  [5, dropColumn],
  [4, changeType],
  [4, setNotNull],
  [2, (_, { c }) => `ALTER ${c} DROP NOT NULL`],
  [4, addIdentity],
  [3, dropIdentity],
  [3, setDefault],
  [2, (_, { c }) => `ALTER ${c} DROP DEFAULT`],
  [4, addCheck],
  [4, addUnique],
  [4, addForeignKey],
  [4, dropConstraint],
  [2, validate],
]
const weighed = actions.flatMap(([weight, action]) => Array<Action>(weight).fill(action))

const alter: Form = (state) => {
  const picked = pick(state, true)
  if (!picked) return undefined
  const action = state.choices.of(weighed)(state, picked)
  if (action === undefined) return undefined
  const second = state.choices.chance(1, 6) && picked.table.columns.includes(picked.column)
  const more = second ? state.choices.of(weighed)(state, picked) : undefined
  const only = picked.table.kind === 'partitioned' && state.choices.chance(1, 12) ? 'ONLY ' : ''
  return `ALTER TABLE ${only}${picked.t} ${[action, ...(more ? [more] : [])].join(', ')}`
}

const renameColumn: Form = (state) => {
  const picked = pick(state, true)
  if (!picked) return undefined
  const from = picked.column.name
  picked.column.name = state.name('c')
  if (picked.table.by === from) picked.table.by = picked.column.name
  return `ALTER TABLE ${picked.t} RENAME COLUMN ${from} TO ${picked.column.name}`
}

const createIndex: Form = (state) => {
  const picked = pick(state)
  if (!picked) return undefined
  const { table, t, c, column } = picked
  const name = state.name('ix')
  table.indexes.push(name)
  const unique = state.choices.chance(1, 3) ? 'UNIQUE ' : ''
  const only = table.kind === 'partitioned' && state.choices.chance(1, 6) ? 'ONLY ' : ''
  const keys =
    table.by && unique && c !== table.by
      ? `${c}, ${table.by}`
      : state.choices.of([c, c, `(${c} IS NULL)`, column.type === 'text' ? `lower(${c})` : c])
  return `CREATE ${unique}INDEX ${name} ON ${only}${t} (${keys})${state.choices.chance(1, 6) ? ` WHERE ${c} IS NOT NULL` : ''}`
}

const dropIndex: Form = (state) => {
  const table = state.choices.maybe(state.tables.filter(({ indexes }) => indexes.length > 0))
  const name = table && state.choices.of(table.indexes)
  if (!table || name === undefined) return undefined
  table.indexes = table.indexes.filter((one) => one !== name)
  return `DROP INDEX ${state.ref({ schema: table.schema, name })}${state.choices.of(['', ' CASCADE'])}`
}

const insert: Form = (state) => {
  const { choices } = state
  const table = choices.maybe(state.tables)
  if (!table) return undefined
  const parts = state.tables.filter(({ parent }) => parent === table).length
  if (table.by && parts === 0 && choices.chance(7, 8)) return undefined
  const mustBeGiven = ({ isKey, isNotNull, name }: MadeColumn) =>
    isKey || isNotNull || name === table.by || name === 'k'
  const given = table.columns.filter((one) => !one.isIdentity && (mustBeGiven(one) || choices.chance(3, 4)))
  if (given.length === 0) return `INSERT INTO ${state.ref(table)} DEFAULT VALUES`
  const row = given.map((one) => {
    if (one.isKey) return String(choices.number(30))
    if (one.name === 'k') return String(choices.number(Math.max(parts, 1)))
    const values = valuesOf(state, one.type)
    return choices.of(one.isNotNull && values.length > 1 ? values.slice(1) : values)
  })
  return `INSERT INTO ${state.ref(table)} (${given.map(({ name }) => name).join(', ')}) VALUES (${row.join(', ')})`
}

const update: Form = (state) => {
  const picked = pick(state)
  if (!picked) return undefined
  const { t, c, column } = picked
  const value = state.choices.of(valuesOf(state, column.type))
  return state.choices.of([
    `UPDATE ${t} SET ${c} = ${value}`,
    `UPDATE ${t} SET ${c} = ${c} WHERE ${c} IS NOT NULL`,
    `DELETE FROM ${t} WHERE ${c} IS NULL`,
    `TRUNCATE ${t} CASCADE`,
  ])
}

/** Statements about columns, constraints, indexes and rows, with their weights. */
export const columnForms: readonly [weight: number, form: Form][] = [
  [30, alter],
  [3, renameColumn],
  [6, createIndex],
  [3, dropIndex],
  [10, insert],
  [3, update],
]
