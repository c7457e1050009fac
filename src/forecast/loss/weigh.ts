import { answerForUser, shareMemory } from '../../checks/answer.js'
import { NotHarmless } from '../../checks/harmless/gate.js'
import { countOffendingRows } from '../../checks/offending-rows.js'
import { shareOut } from '../../checks/share-out.js'
import type { Evidence, Finding } from '../../domain/finding.js'
import type { Reader } from '../../domain/reader.js'
import { readable } from '../../sql/operators.js'
import { bundlesOf } from '../bundles.js'
import { type Chain, mostLinks } from '../chain.js'
import type { Counts, Loss, Measure, Measures } from './loss.js'

/** Rows are shown of a loss that hits few; those of a whole table tell nobody anything, and cost a second reading. */
const mostSampled = 10_000

/** Showing rows of a loss has the server compute the chain again; so many of its links are worth it, of all losses. */
const mostLinksForSamples = 2_000

type Asked<T> = T | { error: Error & { code?: string } }

/**
 * Counts what will be lost, everything about the same content in one scan, and says what it means. Nothing is said where
 * nothing is lost.
 * @param alongside what somebody else wants to be counted in the same scans
 * @returns the findings, and the counts that the scans gave
 */
export async function weighLosses(
  losses: readonly Loss[],
  alongside: readonly Measure[],
  readers: readonly [Reader, ...Reader[]],
  chain: Chain,
  onProgress: (title: string) => void = () => undefined,
): Promise<{ findings: Finding[]; counts: ReadonlyMap<Measure, number> }> {
  const counting = new Counting(readers, chain)
  const wanted = losses.map((loss) => ({ loss, measures: loss.measures() }))
  const counts = await counting.countAll(
    [...wanted.flatMap(({ measures }) => Object.values(measures)), ...alongside],
    onProgress,
  )
  const findings: Finding[] = []
  for (const { loss, measures } of wanted) {
    const found = await counting.countsOf(measures, counts)
    if ('error' in found) findings.push(unanswered(loss, found.error))
    else if (found.lost > 0) findings.push(await findingOf(loss, measures, found, counting))
  }
  return { findings, counts }
}

class Counting {
  #sampledLinks = 0

  constructor(
    private readonly readers: readonly [Reader, ...Reader[]],
    private readonly chain: Chain,
  ) {}

  /** The counts of all measures whose scan raised no error. */
  async countAll(
    measures: readonly Measure[],
    onProgress: (title: string) => void,
  ): Promise<Map<Measure, number>> {
    const counts = new Map<Measure, number>()
    const groups = groupsOf(measures)
    const readings = groups.map((item) => ({ item, links: this.chain.linksOf(countQuery(item)) }))
    const { bundles, single } = bundlesOf(readings, mostLinks)
    const left = await shareOut(bundles, this.readers, async (bundle, reader) => {
      onProgress('what existing data is lost')
      const asked = await this.#countBundle(bundle, reader)
      if ('error' in asked) return bundle
      for (const [at, group] of bundle.entries())
        for (const [i, one] of group.entries()) counts.set(one, asked.counts[at]?.[i] ?? 0)
      return []
    })
    await shareOut([...single, ...left.flat()], this.readers, async (group, reader) => {
      onProgress('what existing data is lost')
      const asked = await this.#count(group, reader)
      if ('error' in asked) return
      for (const [i, one] of group.entries()) counts.set(one, asked.counts[i] ?? 0)
    })
    return counts
  }

  /** Counts one by one what the scan of many could not. */
  async countsOf(measures: Measures, known: ReadonlyMap<Measure, number>): Promise<Asked<Counts>> {
    const counts: Record<string, number> = {}
    for (const [name, measure] of Object.entries(measures) as [string, Measure][]) {
      const asked = known.has(measure)
        ? { counts: [known.get(measure) ?? 0] }
        : await this.#count([measure], this.readers[0])
      if ('error' in asked) return asked
      counts[name] = asked.counts[0] ?? 0
    }
    return counts as unknown as Counts
  }

  async sample(measure: Measure, sample: readonly string[]): Promise<Evidence | undefined> {
    const query = rowsOf(measure, sample)
    this.#sampledLinks += this.chain.linksOf(query).size
    if (this.#sampledLinks > mostLinksForSamples) return undefined
    const evidence = await answerForUser(this.readers[0], this.chain.schema, () =>
      countOffendingRows(this.readers[0], `${this.chain.withClauseOf(query)}${query}`),
    )
    return 'error' in evidence ? undefined : evidence
  }

  /** SQL for whoever wants to see what goes, to be run on the target as it is now; undefined where it is too long. */
  findSql(measure: Measure, sample: readonly string[]): string | undefined {
    return this.chain.shownSql(rowsOf(measure, sample))
  }

  async #count(group: readonly Measure[], reader: Reader): Promise<Asked<{ counts: number[] }>> {
    const query = countQuery(group)
    const asked = await answerForUser(reader, this.chain.schema, () =>
      reader.query(`${this.chain.withClauseOf(query)}${query}`),
    )
    if ('error' in asked) return asked
    return { counts: group.map((_, i) => Number(asked.rows[0]?.[`c${i}`] ?? 0)) }
  }

  async #countBundle(
    bundle: readonly (readonly Measure[])[],
    reader: Reader,
  ): Promise<Asked<{ counts: number[][] }>> {
    const lists = bundle.map((group, at) => {
      const counts = group.map((_, i) => `c${i}`).join(', ')
      return `(SELECT ARRAY[${counts}] FROM (${countQuery(group)}) AS "~group") AS c${at}`
    })
    const query = `SELECT ${lists.join(', ')}`
    const asked = await answerForUser(reader, this.chain.schema, async () => {
      await shareMemory(reader, bundle.length + this.chain.linksOf(query).size)
      return reader.query(`${this.chain.withClauseOf(query)}${query}`)
    })
    if ('error' in asked) return asked
    const row = asked.rows[0] ?? {}
    return { counts: bundle.map((_, at) => (row[`c${at}`] as number[]).map(Number)) }
  }
}

function countQuery(group: readonly Measure[]): string {
  const [first] = group
  const list = group.map(
    ({ condition }, i) => `pg_catalog.count(*) FILTER (WHERE ${condition})::float8 AS c${i}`,
  )
  return first && group.length === 1
    ? `SELECT pg_catalog.count(*)::float8 AS c0 FROM ${first.from} WHERE ${first.condition}`
    : `SELECT ${list.join(', ')} FROM ${first?.from}`
}

function rowsOf({ from, condition }: Measure, sample: readonly string[]): string {
  const where = condition === 'true' ? '' : ` WHERE ${condition}`
  return `SELECT ${sample.length > 0 ? sample.join(', ') : '*'} FROM ${from}${where}`
}

/**
 * What is asked of the same rows goes together, but for conditions that look into another table: in a filter the
 * server would do so row by row, in a WHERE by a join.
 */
function groupsOf(measures: readonly Measure[]): Measure[][] {
  const groups = new Map<string, Measure[]>()
  for (const one of measures) {
    const name = /\bEXISTS \(/.test(one.condition) ? `${one.from} WHERE ${one.condition}` : one.from
    const group = groups.get(name)
    if (group) group.push(one)
    else groups.set(name, [one])
  }
  return [...groups.values()]
}

async function findingOf(
  loss: Loss,
  { lost }: Measures,
  counts: Counts,
  counting: Counting,
): Promise<Finding> {
  const { place, object, sample } = loss
  const weighed = loss.weigh(counts)
  // Nothing was counted of what was not looked at.
  const isCounted = weighed.code !== 'not-looked-at'
  const findSql = isCounted ? counting.findSql(lost, sample) : undefined
  const isShown = sample.length > 0 && counts.lost <= mostSampled
  const evidence = isShown ? await counting.sample(lost, sample) : undefined
  return {
    kind: 'loss',
    step: 'check',
    migration: place.migration,
    file: place.file,
    line: place.line,
    object,
    ...(loss.schema === undefined ? {} : { schema: loss.schema }),
    ...weighed,
    ...(isCounted ? { evidence: evidence ?? { count: counts.lost, samples: [] } } : {}),
    ...(findSql === undefined ? {} : { findSql: readable(findSql) }),
  }
}

/** What could not be counted must not pass for "nothing is lost". Statements that the data refuses have been left out before. */
function unanswered({ place, object, schema, weigh }: Loss, error: Error & { code?: string }): Finding {
  const { code, hint } = weigh({ lost: 1, total: 1, notKept: 1 })
  return {
    code,
    kind: 'loss',
    verdict: 'unknown',
    step: 'check',
    migration: place.migration,
    file: place.file,
    line: place.line,
    object,
    ...(schema === undefined ? {} : { schema }),
    message: `how much of "${object}" is lost is not known: ${reasonOf(error)}`,
    ...(hint === undefined ? {} : { hint }),
  }
}

function reasonOf(error: Error & { code?: string }): string {
  const { message, code = '' } = error
  if (error instanceof NotHarmless) return message
  if (code === '57014') return 'counting took longer than its time limit'
  // Messages of this class quote values of the rows.
  return code.startsWith('22') ? `counting failed with SQLSTATE ${code}` : `counting failed: ${message}`
}
