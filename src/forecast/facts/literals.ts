import type { Situation } from './situation.js'
import { mismatch, Refusal } from './static-failure.js'
import { baseOf, type ValueType, wordsOf } from './types.js'

/**
 * Checks a string constant that the server turns into this type while it reads the statement, so before it looks at
 * any row.
 * @throws Refusal
 */
export function requireLiteral(situation: Situation, text: string, type: ValueType): void {
  const base = baseOf(type)
  const isGood = base.object.schema === 'pg_catalog' ? forms[base.object.name] : undefined
  if (base.isArray) requireArrayLiteral(situation, text, base)
  else if (base.object.kind === 'enum') requireLabel(situation, text, base)
  else if (isGood && !isGood(text))
    throw mismatch('22P02', `invalid input syntax for type ${wordsOf(base)}: "${text}"`)
}

/** @throws Refusal for a label that the enum does not have, or may not use yet */
function requireLabel(situation: Situation, text: string, { object }: ValueType): void {
  if (!object.labels.includes(text)) {
    const message = `invalid input value for enum ${object.name}: "${text}"`
    throw new Refusal('enum-value-not-usable', '22P02', message, object.name)
  }
  if (object.addedNow.has(text)) {
    // From PostgreSQL 17 on a type that the transaction itself has made is free of this.
    const mayBeNew = situation.catalog.serverVersion >= 170000 && object.oid === undefined
    const message = `the value "${text}" of enum ${object.name} cannot be used in the transaction that adds it`
    throw new Refusal('enum-value-not-usable', '55P04', message, object.name, mayBeNew)
  }
}

/** Elements in plain sight, without quotes, escapes or nesting: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
const plainArray = /^\s*\{([^{}"\\]*)\}\s*$/

function requireArrayLiteral(situation: Situation, text: string, { object }: ValueType): void {
  if (!/^\s*[{[]/.test(text) || /^\s*\[\s*\]/.test(text))
    throw mismatch('22P02', `malformed array literal: "${text}"`)
  const elements = plainArray
    .exec(text)?.[1]
    ?.split(',')
    .map((element) => element.trim())
  if (elements === undefined || (elements.length === 1 && elements[0] === '')) return
  for (const element of elements) {
    if (element !== '' && element.toUpperCase() !== 'NULL')
      requireLiteral(situation, element, { object, isArray: false })
  }
}

const booleans = ['true', 'false', 'yes', 'no', 'on', 'off', '1', '0']

function isBoolean(text: string): boolean {
  const word = text.trim().toLowerCase()
  if (word === 'o') return false
  return word !== '' && booleans.some((known) => known.startsWith(word))
}

/** What is surely wrong is told; what only may be, such as a number out of range, is left to the server. */
function isInteger(text: string): boolean {
  return /^\s*[-+]?\d[\da-fA-FxXoO_]*\s*$/.test(text)
}

function isUuid(text: string): boolean {
  return text.replace(/[{}-]/g, '').length === 32 && /^[{}\-\da-fA-F]*$/.test(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const forms: Readonly<Record<string, (text: string) => boolean>> = {
  bool: isBoolean,
  int2: isInteger,
  int4: isInteger,
  int8: isInteger,
  uuid: isUuid,
  json: isJson,
  jsonb: isJson,
}
