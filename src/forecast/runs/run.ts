import type { ParsedStatement } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Relation, SequenceObject } from '../model.js'
import { isOwnError } from '../own-error.js'
import { reachOf } from '../reach.js'
import { NotDeparsed } from '../tree.js'
import { blurWritten } from '../triggers/effects.js'
import { StatementFails, type Walk } from '../walk.js'
import { arrange } from './arrange.js'
import { needIndependence } from './cross-questions.js'
import { dependencyOrder } from './dependency-order.js'
import { type Done, followTogether, type Numbers, sequencesTaken } from './follow-together.js'
import { RunRules } from './may-join.js'
import { rememberRows } from './remember.js'
import type { SimpleWrite } from './simple-write.js'
import { readSimpleWrite } from './simple-write.js'
import { WatchLater } from './watch-later.js'

/** Fewer rows are followed statement by statement, each with findings of its own. */
const fewestRows = 8

/** So often is it tried to follow statements of one file as one, before what is left of them is left to the rehearsal. */
const mostTries = 200

/**
 * Statements that write constants and stand one after the other, as in a file of seeds. Followed one by one, each would
 * make a link of the chain, and each question would read all links before it; so they are followed as one where that
 * comes to the same. Where a demand on the rows might not hold then, they are halved until the statement is found, which
 * is then followed by itself.
 */
export class Run {
  #writes: SimpleWrite[] = []
  #rules: RunRules | undefined
  #tries = 0
  /** A statement of the run fails for certain: what comes after it will not run. */
  #hasFailed = false

  constructor(
    private readonly walk: Walk,
    /** Follows one statement by itself. */
    private readonly followOne: (statement: ParsedStatement) => Promise<void>,
    /** To be done when statements have been followed. */
    private readonly settle: (statement: ParsedStatement) => Promise<void>,
  ) {}

  /** Takes the statement into the run, after following what cannot be followed together with it; false for one that does not fit. */
  async take(statement: ParsedStatement): Promise<boolean> {
    const { place } = this.walk
    const write = readSimpleWrite(this.walk, statement, place)
    if (!write) return false
    this.#rules ??= new RunRules(this.walk)
    if (!this.#rules.isFit(write)) return false
    if (!this.#rules.takes(write)) {
      await this.follow()
      this.walk.place = place
      this.#rules = new RunRules(this.walk)
      this.#rules.takes(write)
    }
    this.#writes.push(write)
    return true
  }

  /** Follows what has been taken. */
  async follow(): Promise<void> {
    const { walk } = this
    const writes = this.#writes
    this.#writes = []
    this.#rules = undefined
    this.#hasFailed = false
    const [first] = writes
    if (!first) return
    await this.#followAll(writes)
    walk.place = first.place
    await this.settle(first.statement)
  }

  async #followAll(writes: readonly SimpleWrite[]): Promise<void> {
    if (rowsIn(writes) < fewestRows || (writes.length === 1 && !this.#isLong(writes[0]))) {
      for (const write of writes) await this.#followByItself(write)
      return
    }
    let left = writes
    while (left.length > 0) {
      const { parts, count } = arrange(left)
      const together = left.slice(0, count)
      left = left.slice(count)
      if (this.#tries >= mostTries) {
        this.#leave([...together, ...left], 'too many statements on the same rows come one after the other')
        return
      }
      this.#tries += 1
      const outcome = await this.#tryTogether(together, dependencyOrder(parts))
      if (outcome === 'followed') continue
      if (outcome !== 'not as one') {
        this.#leave([...together, ...left], outcome.reason)
        return
      }
      const half = Math.ceil(together.length / 2)
      if (together.length === 1) await this.#followByItself(together[0] as SimpleWrite)
      else for (const part of [together.slice(0, half), together.slice(half)]) await this.#followAll(part)
    }
  }

  #isLong(write: SimpleWrite | undefined): boolean {
    return write !== undefined && write.rows.length >= fewestRows
  }

  async #followByItself({ statement, place }: SimpleWrite): Promise<void> {
    const { walk } = this
    walk.place = place
    const start = walk.requirements.length
    await this.followOne(statement)
    await this.settle(statement)
    if (this.#tries === 0 || this.#hasFailed) return
    // Found out at once, a failure spares the search in what will not run.
    for (const requirement of walk.requirements.slice(start)) {
      const outcome = await walk.outcomeOf(requirement)
      if (outcome.kind === 'violated' && requirement.mayPass === undefined) this.#hasFailed = true
      if (this.#hasFailed) return
    }
  }

  async #tryTogether(
    writes: readonly SimpleWrite[],
    parts: ReturnType<typeof arrange>['parts'],
  ): Promise<'followed' | 'not as one' | { reason: string }> {
    const { walk } = this
    const goBack = rememberRows(walk)
    const [start, doubts] = [walk.requirements.length, walk.doubts.length]
    const watch = new WatchLater(walk)
    const { watcher } = walk
    walk.watcher = watch
    const giveUp = (): 'not as one' => {
      walk.requirements.splice(start)
      walk.doubts.splice(doubts)
      goBack()
      return 'not as one'
    }
    try {
      for (const { place, statement } of writes) {
        walk.place = place
        await watch.beforeStatement(statement)
      }
      await this.#followParts(writes, parts)
    } catch (error) {
      const isOne = [NotFollowed, NotDeparsed, StatementFails].some((kind) => error instanceof kind)
      if (!(isOne || isOwnError(error))) throw error
      return giveUp()
    } finally {
      walk.watcher = watcher
    }
    if (walk.doubts.length > doubts) return giveUp()
    const needed = walk.requirements.splice(start)
    const asked = needed.filter(({ opaque }) => opaque.length === 0)
    if (!this.#hasFailed) {
      const outcome = await walk.allHold(asked)
      if (outcome !== 'all hold') {
        giveUp()
        return outcome === 'not all hold' ? 'not as one' : outcome
      }
      walk.heldCount += asked.length
    }
    walk.requirements.push(...needed.filter(({ opaque }) => opaque.length > 0))
    await watch.tell(watcher)
    return 'followed'
  }

  async #followParts(
    writes: readonly SimpleWrite[],
    parts: ReturnType<typeof arrange>['parts'],
  ): Promise<void> {
    const { walk } = this
    const numbers = numbersOf(writes)
    const before = new Map<Relation, string | undefined>()
    for (const { relation } of writes)
      if (!before.has(relation))
        before.set(relation, relation.isEmpty ? undefined : walk.content.read(relation))
    const done: Done[] = []
    for (const part of parts) done.push(await followTogether(walk, part, numbers))
    for (const [sequence, count] of numbers.totals) sequence.taken.push(String(count))
    needIndependence(walk, done, before)
  }

  /** Nothing is known any more of what the statements write. */
  #leave(writes: readonly SimpleWrite[], reason: string): void {
    const { walk } = this
    const [first] = writes
    if (!first) return
    walk.place = first.place
    walk.doubt(reason, first.relation.name)
    const seen = new Set<string>()
    for (const { statement, relation, place } of writes) {
      const name = `${statement.kind} ${relation.schema}.${relation.name}`
      if (seen.has(name)) continue
      seen.add(name)
      walk.place = place
      walk.watcher.notFollowed(statement, reason, reachOf(walk.catalog, statement.sql, false))
      blurWritten(walk, statement.sql, `line ${place.line} is not followed: ${reason}`)
    }
  }
}

function rowsIn(writes: readonly SimpleWrite[]): number {
  return writes.reduce((sum, { rows }) => sum + rows.length, 0)
}

function numbersOf(
  writes: readonly SimpleWrite[],
): Numbers & { readonly totals: ReadonlyMap<SequenceObject, number> } {
  const totals = new Map<SequenceObject, number>()
  const starts = new Map<SimpleWrite, ReadonlyMap<SequenceObject, number>>()
  for (const write of writes) {
    const own = new Map<SequenceObject, number>()
    for (const sequence of sequencesTaken(write)) {
      const taken = totals.get(sequence) ?? 0
      own.set(sequence, taken)
      totals.set(sequence, taken + write.rows.length)
    }
    starts.set(write, own)
  }
  return {
    places: new Map(writes.map((write, i) => [write, i])),
    takeOf: (write, row, sequence) => (starts.get(write)?.get(sequence) ?? 0) + row,
    totals,
  }
}
