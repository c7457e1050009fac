import type { MadeTable, MadeView, SchemaState } from './schema-state.js'
import type { Form } from './table-statements.js'

const createView: Form = (state) => {
  const { choices } = state
  const source = choices.maybe<MadeTable | MadeView>([
    ...state.tables.filter(({ kind }) => kind !== 'temporary'),
    ...state.views,
    ...state.views,
  ])
  if (!source || source.columns.length === 0) return undefined
  const isMaterialized = choices.chance(1, 3)
  const kept = source.columns.filter(() => choices.chance(3, 4))
  const columns = kept.length > 0 ? kept : source.columns.slice(0, 1)
  const other = choices.maybe(state.storedTables())
  const isJoin = other !== undefined && other !== source && other.columns.length > 0 && choices.chance(1, 3)
  const view: MadeView = {
    schema: state.schema(),
    name: state.name(isMaterialized ? 'm' : 'v'),
    isMaterialized,
    columns: columns.map(({ name, type }) => ({ name, type })),
    reads: [source, ...(isJoin && other ? [other] : [])],
  }
  state.views.push(view)
  const list =
    choices.chance(1, 3) && columns.length === source.columns.length
      ? 's.*'
      : columns.map(({ name }) => `s.${name}`).join(', ')
  const join =
    isJoin && other
      ? ` JOIN ${state.ref(other)} AS o ON o.${other.columns[0]?.name}::text = s.${columns[0]?.name}::text`
      : ''
  return `CREATE ${isMaterialized ? 'MATERIALIZED ' : ''}VIEW ${state.ref(view)} AS SELECT ${list} FROM ${state.ref(source)} AS s${join}`
}

const replaceView: Form = (state) => {
  const view = state.choices.maybe(
    state.views.filter(({ isMaterialized, reads }) => !isMaterialized && reads.length === 1),
  )
  const [source] = view?.reads ?? []
  if (!view || !source) return undefined
  return `CREATE OR REPLACE VIEW ${state.ref(view)} AS SELECT ${[...view.columns.map(({ name }) => `s.${name}`), '1 AS one'].join(', ')} FROM ${state.ref(source)} AS s`
}

const dropView: Form = (state) => {
  const view = state.choices.maybe(state.views)
  if (!view) return undefined
  state.views = state.views.filter((one) => one !== view)
  state.dropViewsOf(view)
  return `DROP ${view.isMaterialized ? 'MATERIALIZED ' : ''}VIEW ${state.ref(view)}${state.choices.of([' CASCADE', ''])}`
}

const onMaterialized: Form = (state) => {
  const view = state.choices.maybe(state.views.filter(({ isMaterialized }) => isMaterialized))
  if (!view) return undefined
  return state.choices.of([
    `REFRESH MATERIALIZED VIEW ${state.ref(view)}`,
    `CREATE UNIQUE INDEX ON ${state.ref(view)} (${view.columns[0]?.name})`,
    `REFRESH MATERIALIZED VIEW ${state.ref(view)} WITH NO DATA`,
  ])
}

function createType(state: SchemaState): string {
  const { choices } = state
  const kind = choices.of(['enum', 'enum', 'domain', 'domain', 'composite'] as const)
  const type = {
    schema: state.schema(),
    name: state.name(kind === 'enum' ? 'e' : kind === 'domain' ? 'd' : 'k'),
    kind,
    labels: kind === 'enum' ? ['a', 'b'] : [],
  }
  const base = choices.maybe(state.types.filter((one) => one.kind === 'domain'))
  state.types.push(type)
  if (kind === 'enum') return `CREATE TYPE ${state.ref(type)} AS ENUM ('a', 'b')`
  if (kind === 'composite') return `CREATE TYPE ${state.ref(type)} AS (x int, y int)`
  return `CREATE DOMAIN ${state.ref(type)} AS ${base && choices.chance(1, 3) ? state.ref(base) : 'int'}${choices.of(['', ' CHECK (VALUE > 0)', ' NOT NULL', ' DEFAULT 4'])}`
}

const changeType: Form = (state) => {
  const { choices } = state
  const type = choices.maybe(state.types)
  if (!type) return undefined
  const name = state.ref(type)
  if (type.kind === 'enum') {
    const label = `l${type.labels.length}`
    return choices.of([
      () => {
        type.labels.push(label)
        return `ALTER TYPE ${name} ADD VALUE ${choices.of(['', 'IF NOT EXISTS '])}'${label}'`
      },
      () => {
        const from = type.labels[0]
        type.labels[0] = `r${label}`
        return `ALTER TYPE ${name} RENAME VALUE '${from}' TO 'r${label}'`
      },
    ])()
  }
  if (type.kind === 'composite')
    return `ALTER TYPE ${name} ${choices.of(['ADD ATTRIBUTE z int CASCADE', 'DROP ATTRIBUTE IF EXISTS z CASCADE', 'RENAME ATTRIBUTE x TO xx CASCADE'])}`
  const check = state.name('dc')
  return `ALTER DOMAIN ${name} ${choices.of([`ADD CONSTRAINT ${check} CHECK (VALUE < 6)`, `ADD CONSTRAINT ${check} CHECK (VALUE < 3) NOT VALID`, `VALIDATE CONSTRAINT ${check}`, `DROP CONSTRAINT IF EXISTS ${check}`, 'SET NOT NULL', 'DROP NOT NULL', 'SET DEFAULT 2'])}`
}

const renameType: Form = (state) => {
  const type = state.choices.maybe(state.types)
  if (!type) return undefined
  const from = state.ref(type)
  const [old, name] = [type.name, state.name('e')]
  type.name = name
  for (const column of [...state.tables, ...state.views].flatMap((one) => one.columns))
    column.type = column.type.replace(new RegExp(`\\b${old}\\b`), name)
  return `ALTER TYPE ${from} RENAME TO ${name}`
}

const dropType: Form = (state) => {
  const type = state.choices.maybe(state.types)
  if (!type) return undefined
  state.types = state.types.filter((one) => one !== type)
  state.dropColumnsOf(type.name)
  return `DROP ${type.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${state.ref(type)}${state.choices.of([' CASCADE', ' CASCADE', ''])}`
}

function createSchema(state: SchemaState): string {
  const name = state.name('s')
  state.schemas.push(name)
  return `CREATE SCHEMA ${name}`
}

const dropSchema: Form = (state) => {
  const schema = state.choices.maybe(state.schemas.slice(1))
  if (!schema) return undefined
  state.dropSchema(schema)
  return `DROP SCHEMA ${schema}${state.choices.of([' CASCADE', ' CASCADE', ''])}`
}

const searchPath: Form = (state) => {
  const schema = state.isSetup ? undefined : state.choices.maybe(state.schemas.slice(1))
  return (
    schema &&
    state.choices.of([
      `SET search_path = public, ${schema}`,
      `SET search_path = ${schema}, public`,
      'RESET search_path',
      'SET search_path = public',
    ])
  )
}

function createSequence(state: SchemaState): string {
  const sequence = { schema: state.schema(), name: state.name('q') }
  state.sequences.push(sequence)
  return `CREATE SEQUENCE ${state.ref(sequence)}`
}

const dropSequence: Form = (state) => {
  const sequence = state.choices.maybe(state.sequences)
  if (!sequence) return undefined
  state.sequences = state.sequences.filter((one) => one !== sequence)
  return `DROP SEQUENCE ${state.ref(sequence)}${state.choices.of([' CASCADE', ' CASCADE', ''])}`
}

function createFunction(state: SchemaState): string {
  const fn = { schema: state.schema(), name: state.name('f') }
  state.functions.push(fn)
  return `CREATE FUNCTION ${state.ref(fn)}() RETURNS int LANGUAGE sql ${state.choices.of(['IMMUTABLE ', ''])}AS 'SELECT ${state.choices.number(5)}'`
}

const dropFunction: Form = (state) => {
  const fn = state.choices.maybe(state.functions)
  if (!fn) return undefined
  state.functions = state.functions.filter((one) => one !== fn)
  return `DROP FUNCTION ${state.ref(fn)}()${state.choices.of([' CASCADE', ' CASCADE', ''])}`
}

/** A function that runs DDL by EXECUTE, and its call; or a block that does. */
const ddlInside: Form = (state) => {
  const { choices } = state
  const table = choices.maybe(state.storedTables())
  if (!table) return undefined
  const column = { name: state.name('c'), type: 'int' }
  table.columns.push(column)
  const ddl = `ALTER TABLE ${state.ref(table)} ADD COLUMN ${column.name} int`
  const name = state.name('g')
  return choices.of([
    `DO $$ BEGIN EXECUTE '${ddl}'; END $$`,
    `DO $$ BEGIN ${ddl}; END $$`,
    `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = '${table.name}' AND column_name = '${column.name}') THEN ${ddl}; END IF; END $$`,
    `CREATE FUNCTION ${name}(t text, c text) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN EXECUTE format('ALTER TABLE ${table.schema}.%I ADD COLUMN %I int', t, c); END $f$; SELECT ${name}('${table.name}', '${column.name}')`,
  ])
}

const extension: Form = (state) => {
  const { choices } = state
  const name = choices.of(['citext', 'pgcrypto', 'ltree'])
  if (state.extensions.includes(name) && choices.chance(1, 3)) {
    state.extensions = state.extensions.filter((one) => one !== name)
    state.dropColumnsOf(name)
    return `DROP EXTENSION ${name}${choices.of([' CASCADE', ''])}`
  }
  if (!state.extensions.includes(name)) state.extensions.push(name)
  return `CREATE EXTENSION IF NOT EXISTS ${name}`
}

/** Statements about everything but tables, with their weights. */
export const otherForms: readonly [weight: number, form: Form][] = [
  [9, createView],
  [2, replaceView],
  [3, dropView],
  [3, onMaterialized],
  [6, createType],
  [4, changeType],
  [2, renameType],
  [4, dropType],
  [2, createSchema],
  [3, dropSchema],
  [2, searchPath],
  [2, createSequence],
  [2, dropSequence],
  [2, createFunction],
  [2, dropFunction],
  [3, ddlInside],
  [3, extension],
]
