import type { RelationName } from '../../sql/names.js'
import { lookUp, noSuchRelation, requireSchema, type Situation } from './situation.js'

/**
 * A constant that the server looks up as the name of a relation: `'"Order_id_seq"'::regclass`.
 * @throws Refusal when there is none
 */
export function requireRegclass(situation: Situation, text: string): void {
  const name = relationNamed(text)
  if (!name || lookUp(situation, name)) return
  if (situation.catalog.serverVersion < 160000) requireSchema(situation, name.schema)
  throw noSuchRelation(name)
}

/** The name in a text: parts in double quotes keep their capitals. Undefined for anything else, e.g. an OID. */
export function relationNamed(text: string): RelationName | undefined {
  const part = String.raw`(?:"((?:[^"]|"")+)"|([A-Za-z_][\w$]*))`
  const found = new RegExp(String.raw`^\s*(?:${part}\s*\.\s*)?${part}\s*$`).exec(text)
  if (!found) return undefined
  const [, quotedSchema, plainSchema, quotedName, plainName] = found
  const schema = quotedSchema?.replaceAll('""', '"') ?? plainSchema?.toLowerCase()
  const name = quotedName?.replaceAll('""', '"') ?? plainName?.toLowerCase() ?? ''
  return schema === undefined ? { name } : { schema, name }
}
