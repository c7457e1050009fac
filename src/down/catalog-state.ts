import type { CatalogObject } from '../domain/catalog-object.js'
import {
  type IdentifiedObject,
  readIdentifiedObjects,
} from '../postgres/catalog-fingerprint/read-catalog-objects.js'
import type { Client } from '../postgres/connection.js'
import type { Definition } from '../postgres/definitions/definition.js'
import { readDefinitions } from '../postgres/definitions/read-definitions.js'

/** The catalog between two statements: what every object is, and how SQL names it and makes it. */
export interface CatalogState {
  readonly objects: readonly IdentifiedObject[]
  /** By identity. */
  readonly definitions: ReadonlyMap<string, Definition>
  /** By `keyOf`. */
  readonly byKey: ReadonlyMap<string, IdentifiedObject>
  /** By identity. */
  readonly byIdentity: ReadonlyMap<string, IdentifiedObject>
}

/**
 * Reads the catalog.
 * @param home the schema whose objects are named without it
 */
export async function readState(client: Client, home: string): Promise<CatalogState> {
  const objects = await readIdentifiedObjects(client)
  const definitions = await readDefinitions(client, home)
  return {
    objects,
    definitions,
    byKey: new Map(objects.map((object) => [keyOf(object), object])),
    byIdentity: new Map(
      objects.flatMap((object) => (object.identity === undefined ? [] : [[object.identity, object]])),
    ),
  }
}

/** An object among all others of one state. */
export function keyOf({ kind, name }: Pick<CatalogObject, 'kind' | 'name'>): string {
  return `${kind} ${name}`
}

/** How SQL names the object and makes it; undefined for kinds whose definitions are not read. */
export function definitionIn(
  state: CatalogState,
  key: Pick<CatalogObject, 'kind' | 'name'>,
): Definition | undefined {
  const identity = state.byKey.get(keyOf(key))?.identity
  return identity === undefined ? undefined : state.definitions.get(identity)
}
