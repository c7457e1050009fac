import type { CatalogExpectation } from '../domain/migration.js'
import { type Change, catalogChangesOf, type Fact } from './catalog-changes.js'
import { KnownFacts } from './known-facts.js'
import { mayBeSame, type RelationName } from './names.js'
import type { ParsedStatement } from './parser.js'

interface FileStatements {
  readonly migration: string
  readonly statements: readonly ParsedStatement[]
}

/**
 * What the pending migrations, taken together and in order, must leave in the catalog: relations, columns,
 * constraints and triggers that must be there or must be gone. Later statements win over earlier ones, and a rename
 * carries along what is known of the relation. Where a statement may have an effect that its text does not tell (a DO
 * block, CASCADE, a search_path), what it may touch is forgotten: a good deploy must never look like a bad one.
 */
export function catalogExpectationsOf(files: readonly FileStatements[]): CatalogExpectation[] {
  const known = new Expectations()
  for (const { migration, statements } of files) {
    for (const statement of statements) {
      const source = { migration, line: statement.line }
      for (const change of catalogChangesOf(statement)) known.apply(change, source)
    }
  }
  return known.list
}

type Source = Pick<CatalogExpectation, 'migration' | 'line'>

class Expectations {
  readonly #known = new KnownFacts()
  /** Names that stand for temporary tables and what depends on them: nothing is left of those. */
  #temporary = new Set<string>()
  /** Tables with parents: what happens to a parent happens to them too, without their name being mentioned. */
  #children: RelationName[] = []
  /** False after a `SET search_path`: a name without schema may then be anywhere. */
  #placeIsKnown = true

  get list(): CatalogExpectation[] {
    return this.#known.list
  }

  apply(change: Change, source: Source): void {
    switch (change.kind) {
      case 'expect':
        this.#expect(change.fact, source)
        break
      case 'forget':
        this.#known.forget(change.among, change.matches)
        break
      case 'forget-place':
        this.#placeIsKnown = false
        break
      case 'make-temporary':
        this.#temporary.add(change.relation.name)
        break
      case 'make-from':
        // A view or an index of a temporary table is temporary itself.
        if ([...this.#temporary].some(change.mentions)) this.#temporary.add(change.relation.name)
        break
      case 'make-child':
        this.#children.push(change.relation)
        this.#known.forget(
          { relation: change.relation.name },
          (e) => isMember(e) && mayBeSame(relationIn(e), change.relation),
        )
        break
      case 'drop':
        this.#drop(change.relation, source)
        break
      case 'rename':
        this.#rename(change, source)
        break
    }
  }

  #expect(fact: Fact, source: Source): void {
    this.#known.forget({ relation: fact.relation }, (known) => isAboutTheSame(known, fact))
    if (this.#canSay(fact)) this.#known.add({ ...fact, ...source })
  }

  #canSay(fact: Fact): boolean {
    const relation = relationIn(fact)
    if (relation.schema === undefined && !this.#placeIsKnown) return false
    return !this.#isTemporary(relation) && !(isMember(fact) && this.#isChild(relation))
  }

  #drop(relation: RelationName, source: Source): void {
    this.#known.forget({ kinds: ['index'], present: true })
    for (const child of this.#children)
      this.#known.forget({ relation: child.name }, (e) => e.present && mayBeSame(relationIn(e), child))
    this.#known.forget({ relation: relation.name }, (e) => mayBeSame(relationIn(e), relation))
    this.#children = this.#children.filter((child) => !mayBeSame(child, relation))
    if (this.#isTemporary(relation)) this.#temporary.delete(relation.name)
    else this.#expect({ kind: 'relation', ...placeOf(relation), present: false }, source)
  }

  #rename({ from, to, renames, mayBeAbsent }: Extract<Change, { kind: 'rename' }>, source: Source): void {
    const known = this.#known.of(from.name).filter((e) => e.schema === from.schema)
    for (const one of [from, to])
      this.#known.forget({ relation: one.name }, (e) => mayBeSame(relationIn(e), one))
    if (this.#isChild(from)) this.#children.push(to)
    if (this.#isTemporary(from)) {
      this.#temporary.delete(from.name)
      this.#temporary.add(to.name)
      return
    }
    // ALTER TABLE renames an index too. Only what is said of it elsewhere tells which it is.
    const thing = renames ?? (known.some(({ kind }) => kind === 'index') ? 'index' : 'relation')
    this.#expect({ kind: thing, ...placeOf(from), present: false }, source)
    if (mayBeAbsent) return
    for (const { migration, line, ...fact } of known.filter(isMember)) {
      this.#expect({ ...fact, relation: to.name }, { migration, line })
    }
    if (renames !== undefined || known.length > 0)
      this.#expect({ kind: thing, ...placeOf(to), present: true }, source)
  }

  #isTemporary({ schema, name }: RelationName): boolean {
    return (schema === undefined || schema.startsWith('pg_temp')) && this.#temporary.has(name)
  }

  #isChild(relation: RelationName): boolean {
    return this.#children.some((child) => mayBeSame(child, relation))
  }
}

function isMember({ kind }: Fact): boolean {
  return kind !== 'relation' && kind !== 'index'
}

/** Relations and indexes share their names, so one of a name excludes the other. */
function isAboutTheSame(known: Fact, fact: Fact): boolean {
  return (
    (known.kind === fact.kind || !(isMember(known) || isMember(fact))) &&
    known.name === fact.name &&
    mayBeSame(relationIn(known), relationIn(fact))
  )
}

function relationIn({ schema, relation }: Fact): RelationName {
  return schema ? { schema, name: relation } : { name: relation }
}

function placeOf({ schema, name }: RelationName): { schema?: string; relation: string } {
  return schema ? { schema, relation: name } : { relation: name }
}
