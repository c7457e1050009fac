import { answerForUser, NoTimeLeft, shareMemory } from '../checks/answer.js'
import { NotHarmless } from '../checks/harmless/gate.js'
import { countOffendingRows } from '../checks/offending-rows.js'
import { shareOut } from '../checks/share-out.js'
import type { Evidence } from '../domain/finding.js'
import { groupBy } from '../domain/group-by.js'
import type { Reader } from '../domain/reader.js'
import { readable } from '../sql/operators.js'
import { bundlesOf } from './bundles.js'
import { raisedState } from './casts.js'
import { type Chain, mostLinks, QuestionTooLarge } from './chain.js'
import type { Question, Requirement } from './requirement.js'

/** What asking a requirement came to. */
export type Outcome =
  | { readonly kind: 'holds' }
  | {
      readonly kind: 'violated'
      readonly sqlstate: string
      readonly message?: string
      readonly evidence?: Evidence
    }
  | { readonly kind: 'not-answered'; readonly reason: string }

/** What asking many requirements together came to. */
export type TogetherOutcome = 'all hold' | 'not all hold' | { readonly reason: string }

/** So many questions, each of them a scan, are asked one by one behind a failure: what it leaves makes most of them fail. */
const mostBehind = 20

const notAskedBehind = { kind: 'not-answered', reason: 'a statement before it fails' } as const

type Asked = { error: Error & { code?: string } } | { rows: Record<string, unknown>[] }

/**
 * Asks in rounds. First, one query answers everything that is asked of one long chain, and one scan everything that is
 * asked of the same content; almost always all is well. Only for what finds or raises something, its questions are asked
 * one by one, to name the culprit.
 */
export class Questions {
  constructor(
    private readonly readers: readonly [Reader, ...Reader[]],
    private readonly chain: Chain,
  ) {}

  /** The outcome of each requirement, in the order of the statements. */
  async ask(
    requirements: readonly Requirement[],
    onProgress: (title: string) => void,
  ): Promise<Map<Requirement, Outcome>> {
    const outcomes = new Map<Requirement, Outcome>()
    const asked = requirements.filter(
      ({ opaque, question }) => opaque.length === 0 && question.kind !== 'certain',
    )
    const groups = groupsOf(asked)
    const readings = groups.map((item) => ({ item, links: this.chain.linksOf(groupQuery(item)) }))
    const { bundles, single } = bundlesOf(readings, mostLinks)
    const open = await shareOut(bundles, this.readers, async (bundle, reader) => {
      onProgress(bundle[0]?.[0]?.title ?? '')
      return this.#leftOf(bundle, reader)
    })
    const held = new Set(bundles.flat())
    for (const group of open.flat()) held.delete(group)
    for (const requirement of [...held].flat()) outcomes.set(requirement, { kind: 'holds' })
    await shareOut([...single, ...open.flat()], this.readers, async (group, reader) => {
      const [only] = group
      onProgress(only?.title ?? '')
      // To count and to bring samples along costs no more than to check whether there is any.
      if (group.length === 1 && only && (only.question.kind === 'rows' || only.question.kind === 'orphans')) {
        outcomes.set(only, await this.one(only, reader))
      } else if (await this.#allHold(group, reader)) {
        for (const requirement of group) outcomes.set(requirement, { kind: 'holds' })
      }
    })
    const inOrder = new Map<Requirement, Outcome>()
    let [hasFailed, left] = [false, mostBehind]
    for (const requirement of requirements) {
      const isDear = !outcomes.has(requirement) && requirement.question.kind !== 'certain'
      if (isDear && hasFailed) left -= 1
      const outcome =
        isDear && left < 0 ? notAskedBehind : (outcomes.get(requirement) ?? (await this.one(requirement)))
      inOrder.set(requirement, outcome)
      hasFailed ||= outcome.kind === 'violated' && requirement.mayPass === undefined
    }
    return inOrder
  }

  /** Whether all of them hold, without telling which does not. */
  async allHold(requirements: readonly Requirement[]): Promise<TogetherOutcome> {
    if (requirements.some(({ question }) => question.kind === 'certain')) return 'not all hold'
    for (const group of groupsOf(requirements)) {
      const asked = await this.#askGroup(group, this.readers[0])
      if ('error' in asked) {
        const outcome = outcomeOfError(asked.error)
        const isTooMuch = outcome.kind === 'not-answered' && !/^42/.test(asked.error.code ?? '')
        return isTooMuch ? outcome : 'not all hold'
      }
      if (!isZero(asked.rows)) return 'not all hold'
    }
    return 'all hold'
  }

  async one(requirement: Requirement, reader: Reader = this.readers[0]): Promise<Outcome> {
    const [reason] = requirement.opaque
    if (reason !== undefined) return { kind: 'not-answered', reason }
    const { question, sqlstate } = requirement
    if (question.kind === 'certain') return { kind: 'violated', sqlstate, message: question.message }
    const asked =
      question.kind === 'evaluates'
        ? await this.#run(fusedQuery([question]), reader)
        : await this.#evidence(question, reader)
    if ('error' in asked) return outcomeOfError(asked.error)
    if (!('count' in asked) || asked.count === 0) return { kind: 'holds' }
    return { kind: 'violated', sqlstate: requirement.sqlstate, evidence: asked }
  }

  /** Which row, from 1 on, violates it first where rows are taken one after the other; undefined where that is not known. */
  async firstRow({ question }: Requirement): Promise<number | undefined> {
    const query = firstRowQuery(question)
    const asked = query === undefined ? undefined : await this.#run(query, this.readers[0])
    const row = asked && 'rows' in asked ? asked.rows[0]?.at : undefined
    return row === null || row === undefined ? undefined : Number(row)
  }

  /** SQL that finds every offending row, to be run on the target as it is now. */
  findSql(question: Question): string | undefined {
    const query = offendingQuery(question)
    const shown = query && this.chain.shownSql(query)
    return shown === undefined ? undefined : readable(shown)
  }

  async #evidence(
    question: Exclude<Question, { kind: 'evaluates' | 'certain' }>,
    reader: Reader,
  ): Promise<Evidence | { error: Error & { code?: string } }> {
    const query = offendingQuery(question) ?? ''
    return answerForUser(reader, this.chain.schema, () =>
      countOffendingRows(reader, `${this.chain.withClauseOf(query)}${query}`),
    )
  }

  async #allHold(group: readonly Requirement[], reader: Reader): Promise<boolean> {
    const asked = await this.#askGroup(group, reader)
    return !('error' in asked) && isZero(asked.rows)
  }

  /** The groups of a bundle of which it is not known that all hold. Half of it is asked again where not all do. */
  async #leftOf(bundle: readonly Requirement[][], reader: Reader): Promise<readonly Requirement[][]> {
    const query = bundleQuery(bundle)
    const asked = await answerForUser(reader, this.chain.schema, async () => {
      await shareMemory(reader, bundle.length + this.chain.linksOf(query).size)
      return reader.query(`${this.chain.withClauseOf(query)}${query}`)
    })
    if (!('error' in asked) && isZero(asked.rows)) return []
    const isTooMuch = 'error' in asked && isOfBurden(asked.error)
    if (isTooMuch || bundle.length === 1) return bundle
    const half = Math.ceil(bundle.length / 2)
    return [
      ...(await this.#leftOf(bundle.slice(0, half), reader)),
      ...(await this.#leftOf(bundle.slice(half), reader)),
    ]
  }

  #askGroup(group: readonly Requirement[], reader: Reader): Promise<Asked> {
    return this.#run(groupQuery(group), reader)
  }

  #run(query: string, reader: Reader): Promise<Asked> {
    return answerForUser(reader, this.chain.schema, () =>
      reader.query(`${this.chain.withClauseOf(query)}${query}`),
    )
  }
}

/** Whether it says that the question was too much, not that something is wrong with what it asks. */
function isOfBurden(error: Error & { code?: string }): boolean {
  return error instanceof NoTimeLeft || error instanceof QuestionTooLarge || /^(53|57)/.test(error.code ?? '')
}

/** Gives one row of counts that are all zero where everything asked holds. */
function groupQuery(group: readonly Requirement[]): string {
  const questions = group.map(({ question }) => question)
  const [first] = questions
  const isPlain = questions.every((question) => plainFromOf(question) !== undefined)
  return first?.kind === 'groups'
    ? duplicatesQuery(plain(first))
    : fusedQuery((isPlain ? questions.map(plain) : questions) as RowQuestion[])
}

/** The same of several groups, over whatever contents. */
function bundleQuery(bundle: readonly (readonly Requirement[])[]): string {
  const asked = bundle.map((group, i) => {
    const counts = group[0]?.question.kind === 'groups' ? ['c'] : group.map((_, at) => `c${at}`)
    // What no operator of somebody else's can stand for.
    return `(SELECT GREATEST(${counts.join(', ')}) FROM (${groupQuery(group)}) AS "~group") AS c${i}`
  })
  return `SELECT ${asked.join(', ')}`
}

function isZero(rows: readonly Record<string, unknown>[]): boolean {
  return Object.values(rows[0] ?? {}).every((count) => Number(count) === 0)
}

/**
 * Questions of the same rows go together; each key is asked by itself. Where nobody needs more than columns that come
 * from further back, they are read from there.
 */
function groupsOf(requirements: readonly Requirement[]): Requirement[][] {
  const byRows = groupBy(requirements, ({ question }, i) =>
    question.kind === 'groups' || question.kind === 'certain' ? `key ${i}` : question.from,
  )
  return byRows.flatMap((group) => {
    const plain = group.map((requirement) => ({ requirement, from: plainFromOf(requirement.question) }))
    if (plain.some(({ from }) => from === undefined)) return [group]
    return groupBy(plain, ({ from }) => from ?? '').map((one) => one.map(({ requirement }) => requirement))
  })
}

function plainFromOf(question: Question): string | undefined {
  return 'plainFrom' in question ? question.plainFrom : undefined
}

/** The question over the columns that it is about, and no more. */
function plain<T extends Question>(question: T): T {
  const from = plainFromOf(question)
  return from === undefined ? question : { ...question, from }
}

type RowQuestion = Exclude<Question, { kind: 'groups' | 'certain' }>

/**
 * One scan: every row is computed, the rows that break something are counted, and each reference is looked up by a
 * join. A correlated subquery would be run for each row; a join is hashed.
 */
function fusedQuery(questions: readonly RowQuestion[]): string {
  // In the filter of an aggregate, the planner takes a subquery for one that is run once, and does not hash it.
  const isLookedUp = questions.some(
    (question) =>
      question.kind === 'orphans' || (question.kind === 'rows' && /\bEXISTS \(/.test(question.violation)),
  )
  return isLookedUp ? joinedQuery(questions) : scanQuery(questions)
}

function scanQuery(questions: readonly RowQuestion[]): string {
  const counts = questions.map((question, i) =>
    question.kind === 'evaluates'
      ? // Counting whole rows makes the server compute every column of them.
        `(pg_catalog.count(${question.alias}) OPERATOR(pg_catalog.*) 0)::float8 AS c${i}`
      : `pg_catalog.count(*) FILTER (WHERE ${question.kind === 'rows' ? question.violation : 'true'})::float8 AS c${i}`,
  )
  return `SELECT ${counts.join(', ')} FROM ${questions[0]?.from}`
}

function joinedQuery(questions: readonly RowQuestion[]): string {
  const parts = questions.map(fusedPart)
  const list = parts.flatMap(({ columns }) => columns)
  const joins = parts.map(({ join }) => join).join('')
  const counts = parts.map(
    ({ violation }, i) => `pg_catalog.count(*) FILTER (WHERE ${violation})::float8 AS c${i}`,
  )
  return `SELECT ${counts.join(', ')} FROM (SELECT ${list.join(', ')} FROM ${questions[0]?.from} OFFSET 0) AS "~rows"${joins}`
}

interface FusedPart {
  /** What the scan gives for it. */
  readonly columns: readonly string[]
  readonly join: string
  readonly violation: string
}

function fusedPart(question: RowQuestion, i: number): FusedPart {
  switch (question.kind) {
    case 'rows':
      return { columns: [`${question.violation} AS "~v${i}"`], join: '', violation: `"~v${i}"` }
    case 'evaluates':
      // To hand a whole row to a function, every column of it must be computed; `IS NULL` stops at the first that is not.
      return {
        columns: [`${question.alias} AS "~v${i}"`],
        join: '',
        violation: `pg_catalog.num_nulls("~v${i}") OPERATOR(pg_catalog.<) 0`,
      }
    case 'orphans': {
      const { references, keys, operators, parent, isMatchFull } = question
      const own = references.map((_, k) => `"~r${i}_${k}"`)
      const names = keys.map((_, k) => `"~k${k}"`)
      const on = names.map((name, k) => `"~p${i}".${name} ${operators[k]} "~rows".${own[k]}`).join(' AND ')
      const list = keys.map((key, k) => `${key} AS ${names[k]}`).join(', ')
      return {
        columns: references.map((reference, k) => `${reference} AS ${own[k]}`),
        join: ` LEFT JOIN (SELECT ${list}, true AS "~there" FROM ${parent} AS "~parent") AS "~p${i}" ON ${on}`,
        violation: `${isReference(own, isMatchFull)} AND "~p${i}"."~there" IS NULL`,
      }
    }
  }
}

/** Whether a reference must lead to a row: a NULL in it refers to nothing, but with MATCH FULL only when all of it is NULL. */
function isReference(columns: readonly string[], isMatchFull: boolean): string {
  const isThere = columns.map((column) => `${column} IS NOT NULL`).join(isMatchFull ? ' OR ' : ' AND ')
  return `(${isThere})`
}

/**
 * Whether any key is there twice. Equal keys have equal hashes, so as many distinct hashes as keys prove that there is
 * none, at half the price of grouping.
 */
function duplicatesQuery({ from, keys, condition, hash }: Extract<Question, { kind: 'groups' }>): string {
  const where = condition ? ` WHERE ${condition}` : ''
  if (hash === undefined) {
    const list = keys.map((key, i) => `${key} AS "~k${i}"`).join(', ')
    const names = keys.map((_, i) => `"~k${i}"`).join(', ')
    return `SELECT pg_catalog.count(*)::float8 AS c FROM (SELECT 1 FROM (SELECT ${list} FROM ${from}${where}) AS k GROUP BY ${names} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS d`
  }
  return `SELECT (pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(DISTINCT ${hash}))::float8 AS c FROM ${from}${where}`
}

/** Every row, or every key, that breaks the requirement. */
function offendingQuery(asked: Question): string | undefined {
  const question = plain(asked)
  switch (question.kind) {
    case 'rows':
      return `SELECT ${question.sample.join(', ') || '1'} FROM ${question.from} WHERE ${question.violation}`
    case 'orphans': {
      const { from, references, keys, operators, parent, isMatchFull, sample } = question
      const list = references.map((reference, i) => `${reference} AS "~r${i}"`)
      const own = references.map((_, i) => `"~r${i}"`)
      const pairs = keys.map((key, i) => `"~parent".${key} ${operators[i]} "~rows".${own[i]}`).join(' AND ')
      return `SELECT ${sample.join(', ')} FROM (SELECT *, ${list.join(', ')} FROM ${from}) AS "~rows" WHERE ${isReference(own, isMatchFull)} AND NOT EXISTS (SELECT 1 FROM ${parent} AS "~parent" WHERE ${pairs})`
    }
    case 'groups': {
      const { from, keys, condition } = question
      const where = condition ? ` WHERE ${condition}` : ''
      const isPlainKey = (key: string) => /^"(?:[^"]|"")*"$/.test(key)
      const names = keys.map((key, i) => (isPlainKey(key) ? key : `key${i + 1}`)).join(', ')
      const list = keys.map((key, i) => (isPlainKey(key) ? key : `${key} AS key${i + 1}`)).join(', ')
      const rows = keys.every(isPlainKey) ? `${from}${where}` : `(SELECT ${list} FROM ${from}${where}) AS k`
      return `SELECT ${names}, pg_catalog.count(*) AS row_count FROM ${rows} GROUP BY ${names} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1`
    }
    default:
      return undefined
  }
}

function firstRowQuery(question: Question): string | undefined {
  if (question.kind !== 'rows' && question.kind !== 'groups') return undefined
  const [, link, alias] = /^("(?:[^"]|"")*") AS ("(?:[^"]|"")*")$/.exec(question.from) ?? []
  if (link === undefined) return undefined
  const rows = `(SELECT *, pg_catalog.row_number() OVER () AS "~row" FROM ${link}) AS ${alias}`
  if (question.kind === 'rows')
    return `SELECT pg_catalog.min("~row") AS at FROM ${rows} WHERE ${question.violation}`
  const { keys, condition } = question
  const turn = `pg_catalog.row_number() OVER (PARTITION BY ${keys.join(', ')} ORDER BY "~row") AS "~turn"`
  const numbered = `SELECT "~row", ${turn} FROM ${rows}${condition ? ` WHERE ${condition}` : ''}`
  return `SELECT pg_catalog.min("~row") AS at FROM (${numbered}) AS n WHERE "~turn" OPERATOR(pg_catalog.>) 1`
}

/** An error of the data is the one that the migration will meet; any other says that we could not ask. */
function outcomeOfError(error: Error & { code?: string }): Outcome {
  if (error instanceof NoTimeLeft) return { kind: 'not-answered', reason: error.message }
  if (error instanceof QuestionTooLarge)
    return { kind: 'not-answered', reason: `its question would burden the server: ${error.message}` }
  const sqlstate = raisedState(error.message) ?? error.code ?? ''
  if (/^(21|22|23)/.test(sqlstate)) return { kind: 'violated', sqlstate, message: error.message }
  if (error instanceof NotHarmless) return { kind: 'not-answered', reason: error.message }
  if (sqlstate === '57014')
    return { kind: 'not-answered', reason: 'the question took longer than its time limit' }
  // https://www.postgresql.org/docs/current/errcodes-appendix.html: limits of memory and of temporary files
  if (/^53/.test(sqlstate))
    return { kind: 'not-answered', reason: `the question would burden the server: ${error.message}` }
  return { kind: 'not-answered', reason: `the question could not be asked: ${error.message}` }
}
