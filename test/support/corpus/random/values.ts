import type { SchemaState } from './schema-state.js'

const constants: Readonly<Record<string, readonly string[]>> = {
  int: ['NULL', '0', '1', '2', '3', '7'],
  bigint: ['NULL', '1', '2'],
  text: ['NULL', `'a'`, `'b'`, `'A'`, `'x@y'`],
  'varchar(5)': ['NULL', `'a'`, `'abc'`],
  boolean: ['NULL', 'true', 'false'],
  date: ['NULL', `'2024-01-01'`],
  'numeric(6,2)': ['NULL', '1', '2.5'],
  'int[]': ['NULL', `'{1,2}'`],
  jsonb: ['NULL', `'{"a":1}'`],
  citext: ['NULL', `'a'`, `'A'`],
  ltree: ['NULL', `'a.b'`],
}

export const baseTypes = [
  'int',
  'int',
  'text',
  'text',
  'bigint',
  'varchar(5)',
  'boolean',
  'date',
  'numeric(6,2)',
  'int[]',
  'jsonb',
]

/** Values of a type, as SQL; NULL is the first. */
export function valuesOf(state: SchemaState, type: string): readonly string[] {
  const known = constants[type.replace(/^public\./, '')]
  if (known) return known
  const made = state.types.find(({ name }) => name === type.replace('[]', '').split('.').at(-1))
  if (type.endsWith('[]')) return ['NULL', `'{}'`]
  if (made?.kind === 'enum') return ['NULL', ...made.labels.map((label) => `'${label}'`)]
  if (made?.kind === 'domain') return ['NULL', '1', '5']
  if (made?.kind === 'composite') return ['NULL', 'ROW(1, 2)']
  return ['NULL']
}

/** A type that a column may have: a plain one, or one that the chain has made. */
export function someType(state: SchemaState): string {
  const { choices } = state
  const made = choices.maybe(state.types)
  if (made && choices.chance(2, 5)) return `${state.ref(made)}${choices.chance(1, 6) ? '[]' : ''}`
  const extended = state.extensions.filter((one) => one !== 'pgcrypto')
  if (extended.length > 0 && choices.chance(1, 4)) return choices.of(extended)
  return choices.of(baseTypes)
}
