import type { CatalogExpectation } from '../domain/migration.js'
import type { Among, Fact } from './catalog-changes.js'

/** Facts about the catalog, found by what they are about. */
export class KnownFacts {
  /** In the order in which they were made. */
  readonly #all = new Set<CatalogExpectation>()
  /** By the name of the relation, without its schema. */
  readonly #byRelation = new Map<string, Set<CatalogExpectation>>()
  readonly #byKind = new Map<string, Set<CatalogExpectation>>()

  get list(): CatalogExpectation[] {
    return [...this.#all]
  }

  of(relation: string): CatalogExpectation[] {
    return [...(this.#byRelation.get(relation) ?? [])]
  }

  add(fact: CatalogExpectation): void {
    this.#all.add(fact)
    setIn(this.#byRelation, fact.relation).add(fact)
    setIn(this.#byKind, keyOf(fact.kind, fact.present)).add(fact)
  }

  forget(among: Among, matches: (fact: Fact) => boolean = () => true): void {
    for (const fact of this.#among(among)) {
      if (!matches(fact)) continue
      this.#all.delete(fact)
      this.#byRelation.get(fact.relation)?.delete(fact)
      this.#byKind.get(keyOf(fact.kind, fact.present))?.delete(fact)
    }
  }

  *#among({ relation, kinds = everyKind, present }: Among): Iterable<CatalogExpectation> {
    if (relation !== undefined) {
      yield* this.#byRelation.get(relation) ?? []
      return
    }
    for (const kind of kinds)
      for (const isThere of present === undefined ? [true, false] : [present])
        yield* this.#byKind.get(keyOf(kind, isThere)) ?? []
  }
}

const everyKind: readonly Fact['kind'][] = ['relation', 'index', 'column', 'constraint', 'trigger']

function keyOf(kind: Fact['kind'], present: boolean): string {
  return `${kind} ${present}`
}

function setIn(sets: Map<string, Set<CatalogExpectation>>, key: string): Set<CatalogExpectation> {
  const known = sets.get(key) ?? new Set()
  sets.set(key, known)
  return known
}
