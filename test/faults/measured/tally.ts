import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** A row of the table that `npm run test:faults` prints. */
export type Group =
  | 'kill sweep'
  | 'wire cuts'
  | 'failing calls'
  | 'real faults'
  | 'lying children'
  | 'concurrency'
  | 'traffic'

export interface Tried {
  readonly group: Group
  /** Whose verdict was weighed: that of the guard, or of a bare `prisma migrate deploy` in the same scene. */
  readonly subject: 'guard' | 'prisma'
  /** The scene, e.g. `KILL before engine.commit 1`. */
  readonly name: string
  /** What was said, and what the next printed command led to, is what the database and the machine show. */
  readonly right: boolean
  /** Where it is not: what was said, and what is there. */
  readonly wrong?: string
}

/** Everything is tried in the long tests, a seeded sample in the others. */
export const triesAll = process.env.MIGRATE_GUARD_TEST_LONG === '1'

/** For all the scenes of a group together; a slow machine may take long, a single scene may not. */
export const groupTimeoutMs = triesAll ? 7_200_000 : 240_000

/**
 * Notes what was tried for the table of `npm run test:faults`.
 * @throws Error when the guard was wrong: that is a failed test. Prisma's wrong verdicts are only counted.
 */
export function tally(tried: Tried): void {
  const path = process.env.MIGRATE_GUARD_FAULTS_LOG
  if (path) appendFileSync(path, `${JSON.stringify(tried)}\n`)
  if (tried.subject === 'guard' && !tried.right) throw new Error(`${tried.name}: ${tried.wrong}`)
}

/** What the log holds already, as `subject: name`: a run that was cut short goes on where it stopped. */
export function alreadyTried(group: Group): ReadonlySet<string> {
  const path = process.env.MIGRATE_GUARD_FAULTS_LOG
  if (path === undefined || !existsSync(path)) return new Set()
  const tried = readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Tried)
  const right = tried.filter((one) => one.group === group && (one.right || one.subject === 'prisma'))
  return new Set(right.map(({ subject, name }) => `${subject}: ${name}`))
}

/** All of them in the long tests; else `count` of them, the same for the same seed (MIGRATE_GUARD_FAULTS_SEED). */
export function sampleOf<T>(all: readonly T[], count: number): T[] {
  return triesAll ? [...all] : shuffled(all).slice(0, count)
}

/**
 * What is tried: all of it in the long tests, else the sample; where MIGRATE_GUARD_FAULTS_ONLY is given, every one whose name
 * it matches, and no other.
 */
export function chosenOf<T extends { readonly name: string }>(
  all: readonly T[],
  sample: () => readonly T[],
): T[] {
  const only = process.env.MIGRATE_GUARD_FAULTS_ONLY
  if (only !== undefined) return all.filter(({ name }) => new RegExp(only).test(name))
  return [...(triesAll ? all : sample())]
}

/** In an order that is the same for the same seed. */
export function shuffled<T>(all: readonly T[]): T[] {
  let state = Number(process.env.MIGRATE_GUARD_FAULTS_SEED ?? 1)
  const next = () => {
    // mulberry32: https://gist.github.com/tommyettinger/46a574533244883189143505d203312c
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const left = [...all]
  return Array.from(all, () => left.splice(Math.floor(next() * left.length), 1)).flat()
}
