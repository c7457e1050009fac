import type { Finding } from '../../domain/finding.js'
import { blocksReaders, blocksWriters, type LockMode, strongerOf } from '../../domain/lock-mode.js'
import { formatBytes, formatCount, plural } from '../../domain/quantities.js'
import type { Node } from '../../sql/parser.js'
import type { StatementPlace } from '../requirement.js'
import { rewriteText, type SafeRewrite } from '../rewrites/safe-rewrite.js'
import type { LockClaim } from './claim.js'
import { isPartitioned } from './family.js'
import { type LongWork, longWorkOf, reaches } from './long-work.js'
import { type LockThresholds, lockThresholds } from './thresholds.js'

/** A statement, its place, and what it locks. */
export interface LockedStatement {
  readonly statement: { readonly kind: string; readonly node: Node; readonly sql: string }
  readonly place: StatementPlace
  readonly claims: readonly LockClaim[]
  /** A server has shown them on a schema twin; else they are what the text tells. */
  readonly isSeen?: boolean
  /** How many rows of the table that it names it changes or deletes, where they were counted. */
  readonly rowsHit?: number
}

/**
 * What makes others wait for long while a statement runs. Quiet are changes of the catalog only, small tables, and
 * tables that the migrations make.
 *
 * @param rewrite gives what a careful person would deploy instead; asked only when there is a finding
 */
export function lockFindings(
  { statement, place, claims, rowsHit }: LockedStatement,
  rewrite: () => SafeRewrite | undefined,
  thresholds: LockThresholds = lockThresholds,
): Finding[] {
  const works = longWorkOf(statement, claims, rowsHit).filter(
    (work) => reaches(work, thresholds.quietBelow) && (work.kind === 'write' || blocksWriters(work.mode)),
  )
  if (works.length === 0) return []
  const instead = rewrite()
  return works.map((work) => {
    const { code, what, hint } = describe(statement, work, claims)
    return {
      code,
      kind: 'lock',
      verdict: verdictOf(work, thresholds),
      step: 'check',
      migration: place.migration,
      file: place.file,
      line: place.line,
      object: work.object,
      message: `${subjectOf(statement.sql)} ${what}`,
      hint: instead
        ? `Deploy it as ${instead.files.length === 1 ? 'a migration of its own' : `${instead.files.length} migrations`} instead, written so that nobody waits.`
        : hint,
      ...(instead ? { fixSql: rewriteText(instead) } : {}),
    }
  })
}

/** Whether it makes others wait for minutes nobody knows where its text alone does not tell what it does. */
function verdictOf(work: LongWork, { blockFrom }: LockThresholds): Finding['verdict'] {
  if (work.kind === 'write' || !reaches(work, blockFrom)) return 'warn'
  return work.isCertain ? 'block' : 'unknown'
}

/**
 * Locks that a file takes early and keeps while later statements of its transaction work: they last until it ends.
 * @param statements of one transaction, in order
 */
export function heldLockFindings(
  statements: readonly LockedStatement[],
  thresholds: LockThresholds = lockThresholds,
): Finding[] {
  const longest = statements.flatMap((at, i) =>
    longWorkOf(at.statement, at.claims, at.rowsHit)
      .map((work) => asReading(work, thresholds))
      .filter((work) => reaches(work, thresholds.quietBelow))
      .map((work) => ({ work, at, i })),
  )
  const findings = new Map<string, Finding>()
  statements.forEach(({ place, claims }, i) => {
    for (const claim of claims) {
      if (!blocksLater(claim) || findings.has(claim.name)) continue
      const hurting = longest.filter((later) => later.i > i && !saysItself(later.work, claim))
      const worst = hurting.sort((one, other) => other.work.sizeBytes - one.work.sizeBytes)[0]
      if (worst)
        findings.set(claim.name, heldFinding(claim, place, worst.work, worst.at.place, hurting.length - 1))
    }
  })
  return [...findings.values()]
}

/** A statement that changes few rows of many has to find them: what lasts is the reading. */
function asReading(work: LongWork, { quietBelow }: LockThresholds): LongWork {
  const hitsFew = work.kind === 'write' && work.rowsHit !== undefined && !reaches(work, quietBelow)
  return hitsFew ? { ...work, kind: 'scan' } : work
}

function blocksLater({ target, mode, isCertain }: LockClaim): boolean {
  const isLive = target.kind === 'relation' && target.relation.live !== undefined && !target.relation.isEmpty
  return isLive && isCertain && blocksWriters(mode)
}

/** The later statement locks the table as strongly itself, and a finding of its own says so. */
function saysItself(work: LongWork, { target, mode }: LockClaim): boolean {
  const isSame =
    target.kind === 'relation' &&
    (work.relation === target.relation || work.relation.children.includes(target.relation))
  return (
    isSame &&
    work.kind !== 'write' &&
    (blocksReaders(work.mode) || !blocksReaders(mode)) &&
    blocksWriters(work.mode)
  )
}

function heldFinding(
  claim: LockClaim,
  place: StatementPlace,
  work: LongWork,
  later: StatementPlace,
  others: number,
): Finding {
  const more = others > 0 ? ` (and ${others} more ${others === 1 ? 'statement' : 'statements'})` : ''
  return {
    code: 'lock-held-through-file',
    kind: 'lock',
    verdict: 'warn',
    step: 'check',
    migration: place.migration,
    file: place.file,
    line: place.line,
    object: claim.object,
    message: `${claim.mode} on ${claim.name} is kept until the transaction ends, while line ${later.line} ${work.kind === 'write' ? changes(work) : does(work, work.kind)}${more}: ${waiting(claim.mode)} of ${claim.name} wait`,
    hint: `Move line ${later.line} into a migration of its own; locks last until the transaction ends.`,
  }
}

const verbs = {
  rewrite: ['rewrites', 'may rewrite'],
  build: ['builds an index of', 'may build an index of'],
  scan: ['reads', 'may read'],
} as const

/** `rewrites "orders" (12 GB with about 18,200,000 rows)`, or that it may do so. */
function does(work: LongWork, kind: keyof typeof verbs): string {
  const [surely, perhaps] = verbs[kind]
  return `${work.isCertain ? surely : perhaps} ${sized(work)}`
}

interface Description {
  readonly code: string
  readonly what: string
  readonly hint: string
}

function describe(
  statement: LockedStatement['statement'],
  work: LongWork,
  claims: readonly LockClaim[],
): Description {
  const { kind, mode } = work
  const under = `under ${mode}: ${waiting(mode)} wait`
  if (kind === 'write') {
    return {
      code: 'rows-locked',
      what: `${changes(work)} in one transaction: writers of these rows wait until it ends`,
      hint: 'Change the rows in batches, each in a transaction of its own.',
    }
  }
  if (statement.kind === 'RefreshMatViewStmt') {
    return {
      code: 'refresh-blocks-readers',
      what: `fills ${sized(work)} anew ${under}`,
      hint: 'Give the view a unique index on plain columns, and refresh it CONCURRENTLY.',
    }
  }
  if (kind === 'rewrite') {
    return {
      code: 'table-rewrite',
      what: `${does(work, kind)} ${under}`,
      hint: 'Add a column beside, fill it in batches, and change over.',
    }
  }
  if (kind === 'build') {
    // ALTER TABLE locks a partitioned table itself more strongly than the partitions in which it builds.
    const held = claims
      .filter(({ target }) => target.kind === 'relation' && target.relation === work.relation)
      .reduce((strongest, claim) => strongerOf(strongest, claim.mode), mode)
    return {
      code: 'index-blocks-writes',
      what: `${does(work, kind)} under ${held}: ${waiting(held)} wait`,
      hint: isPartitioned(work.relation)
        ? partByPart(statement.kind === 'AlterTableStmt')
        : 'Build it CONCURRENTLY, in a migration of its own.',
    }
  }
  const parents = claims.filter(({ target, work: done, mode: held }) => {
    const isParent =
      target.kind === 'relation' && target.relation.live !== undefined && target.relation !== work.relation
    return isParent && done === 'read' && blocksWriters(held)
  })
  if (parents.length > 0) {
    const names = parents.map(({ name }) => name).join(', ')
    return {
      code: 'foreign-key-locks-parent',
      what: `looks for every row of ${sized(work)} in ${names}, ${parents.length === 1 ? 'both' : 'all of them'} ${under}`,
      hint: 'Add the foreign key NOT VALID, and validate it in a migration of its own.',
    }
  }
  return {
    code: 'table-scan-under-lock',
    what: `${does(work, kind)} ${under}`,
    hint: 'Add the constraint NOT VALID, and validate it in a migration of its own.',
  }
}

/**
 * CONCURRENTLY is refused on a partitioned table:
 * https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
 */
function partByPart(isKey: boolean): string {
  return isKey
    ? 'Add the key to the table alone (ALTER TABLE ONLY); in each partition build its unique index CONCURRENTLY and make a key of it with USING INDEX; then ALTER INDEX … ATTACH PARTITION.'
    : 'Make the index of the table alone (CREATE INDEX … ON ONLY), build that of each partition CONCURRENTLY, then ALTER INDEX … ATTACH PARTITION.'
}

function waiting(mode: LockMode): string {
  return blocksReaders(mode) ? 'readers and writers' : 'writers'
}

/** `changes 4,000,000 rows of "orders" (12 GB with about 18,200,000 rows)` */
function changes(work: LongWork): string {
  const { name, sizeBytes, rowEstimate, rowsHit, isConditional } = work
  if (rowsHit !== undefined) return `changes ${plural(rowsHit, 'row')} of ${sized(work)}`
  if (!isConditional) return `changes ${sized(work)}`
  const most = rowEstimate === undefined ? 'all' : formatCount(Math.round(rowEstimate))
  return `changes up to ${most} rows of ${name} (${formatBytes(sizeBytes)})`
}

/** `"orders" (12 GB with about 18,200,000 rows)` */
function sized({ name, sizeBytes, rowEstimate }: LongWork): string {
  const rows = rowEstimate === undefined ? '' : ` with about ${formatCount(Math.round(rowEstimate))} rows`
  return `${name} (${formatBytes(sizeBytes)}${rows})`
}

const longestSubject = 70

/** The statement on one line, cut where it is long. */
function subjectOf(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length <= longestSubject ? line : `${line.slice(0, longestSubject - 1)}…`
}
