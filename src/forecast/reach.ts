import type { CatalogModel, FunctionObject, Relation } from './model.js'
import { writes } from './rewrite.js'

/** What a statement may change that is not followed, going by its text and that of the code that it calls. */
export interface Reach {
  /** Relations whose rows may be others afterwards. */
  readonly relations: ReadonlySet<Relation>
  /** It runs a text that it makes itself, or code that cannot be read: it may change the rows of any relation. */
  readonly mayWriteAny: boolean
  /** It may make, change or drop objects. */
  readonly mayChangeCatalog: boolean
  /** Its own text, and that of every function, trigger and rule that it may run. */
  readonly texts: readonly string[]
}

/** Statements that are code, or no more than a call of it. */
export const codeKinds: ReadonlySet<string> = new Set(['DoStmt', 'SelectStmt', 'CallStmt'])

const readable: ReadonlySet<string> = new Set(['sql', 'plpgsql'])

/**
 * @param sql the statement
 * @param isCode it is code, as a DO block is, or no more than a call: what it only reads stays as it is
 */
export function reachOf(catalog: CatalogModel, sql: string, isCode: boolean): Reach {
  return new Reaching(catalog).of(sql, isCode)
}

/** Whether a text has a statement in it that reads or writes rows; definitions read tables only to hold them against constraints. */
export function meetsRows(text: string): boolean {
  return /\b(from|join|update|delete|insert|merge)\b/i.test(text)
}

class Reaching {
  readonly #texts = new Set<string>()
  readonly #relations = new Set<Relation>()
  readonly #functions = new Set<FunctionObject>()
  #mayWriteAny = false
  #mayChangeCatalog = false

  constructor(private readonly catalog: CatalogModel) {}

  of(sql: string, isCode: boolean): Reach {
    this.#readText(sql, isCode)
    return {
      relations: this.#relations,
      mayWriteAny: this.#mayWriteAny,
      mayChangeCatalog: this.#mayChangeCatalog,
      texts: [...this.#texts],
    }
  }

  #readText(text: string, isCode: boolean): void {
    if (this.#texts.has(text)) return
    this.#texts.add(text)
    const words = wordsOf(text)
    if (isCode && definitions.some((word) => words.has(word))) this.#mayChangeCatalog = true
    if (runsComputedText(text)) {
      this.#mayWriteAny = true
      this.#mayChangeCatalog = true
    }
    if (!isCode || writes(text)) {
      const carriesOn = /\b(delete|update|truncate|merge|execute)\b/i.test(text)
      for (const relation of this.catalog.relations)
        if (isNamed(relation.name, words, text)) this.#write(relation, carriesOn)
    }
    this.#readCalls(text)
  }

  #readCalls(text: string): void {
    const called = new Set([...text.matchAll(/([A-Za-z_][A-Za-z0-9_]*)"?\s*\(/g)].map(([, name]) => name))
    const known = this.catalog.functions.filter(
      ({ name }) => called.has(name) || called.has(name.toUpperCase()),
    )
    for (const one of known) this.#run(one)
    // Code of a language that nobody reads here, or of an extension.
    const performed = [...text.matchAll(/\b(?:perform|call)\s+(?:"?\w+"?\s*\.\s*)?"?(\w+)/gi)]
    const isKnown = (name: string) => known.some((one) => one.name.toLowerCase() === name.toLowerCase())
    if (performed.some(([, name = '']) => !isKnown(name))) this.#mayChangeCatalog = true
  }

  #run(code: FunctionObject): void {
    if (this.#functions.has(code)) return
    this.#functions.add(code)
    if (readable.has(code.language)) {
      this.#readText(code.body, true)
      return
    }
    this.#mayWriteAny = true
    this.#mayChangeCatalog = true
  }

  /** Its triggers and rules run, its foreign keys carry the change on, and a view hands it to what it reads. */
  #write(relation: Relation, carriesOn: boolean): void {
    if (this.#relations.has(relation)) return
    this.#relations.add(relation)
    for (const { functionName } of relation.triggers)
      for (const one of this.catalog.functions)
        if (one.name === functionName.name && one.schema === functionName.schema) this.#run(one)
    for (const { definition } of relation.rules) this.#readText(definition, false)
    for (const one of [...relation.children, ...relation.parents]) this.#write(one, carriesOn)
    if (relation.kind === 'view') for (const one of relation.reads) this.#write(one, carriesOn)
    if (!carriesOn) return
    for (const child of this.catalog.relations)
      if (child.constraints.some((key) => key.parent === relation && isCarriedOn(key)))
        this.#write(child, carriesOn)
  }
}

/** In code they make, change or drop objects. */
const definitions = ['create', 'alter', 'drop', 'import', 'reindex', 'rename']

/** Whether code runs a text that may name anything: names are put into it, or it comes from somewhere else. */
function runsComputedText(text: string): boolean {
  const runs = [...text.matchAll(/\bexecute\s+(?!function\b|procedure\b)([^;]*)/gi)].map(
    ([, given = '']) => given,
  )
  return runs.some(
    (given) =>
      !given.includes("'") ||
      /%(\d+\$)?[Is]|quote_ident|regclass/i.test(given) ||
      // What is put in as a literal is no name.
      /\|\|/.test(given.replace(/\|\|\s*quote_(literal|nullable)\s*\([^|]*(\|\||$)/gi, '')),
  )
}

/** Whether a text has the name in it, as a word of its own where it is one. */
function isNamed(name: string, words: ReadonlySet<string>, text: string): boolean {
  return /^\w+$/.test(name) ? words.has(name) || words.has(name.toLowerCase()) : text.includes(name)
}

function wordsOf(text: string): Set<string> {
  const words = text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? []
  return new Set([...words, ...words.map((word) => word.toLowerCase())])
}

function isCarriedOn({
  onDelete = 'no action',
  onUpdate = 'no action',
}: Relation['constraints'][number]): boolean {
  const stays = ['no action', 'restrict']
  return !stays.includes(onDelete) || !stays.includes(onUpdate)
}
