// Looks at the other sessions on the target while the migrations run: whom the deploy waits for, and who waits for it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Traffic } from '../domain/traffic.js'
import { type LockWatch, openLockWatch, type TrafficLook } from '../postgres/lock-watch.js'
import { announceGivingWay, endGivingWay } from '../prisma/gave-way.js'
import { adviseOn, formatBlocker, formatSession } from '../report/traffic-text.js'
import { clean, formatMs } from '../report/words.js'
import type { GivingWay } from './giving-way.js'
import { applicationName, type Tools } from './tools.js'
import { TrafficRecord } from './traffic-record.js'

const lookEveryMs = 100
/** So many looks that the server refuses one after the other are a gap that the report must name. */
const refusedLooks = 10
/** The server itself ends a look after two seconds. */
const unansweredMs = 5_000
/** How long the look that is under way is waited for at the end. */
const lastLookTimeoutMs = 1_000
/** So many blockers are told on the screen; all the others are in the report. */
const toldBlockers = 10

export interface TrafficWatch {
  /** How often the deploy has given way so far. */
  gaveWay(): number
  /** Ends the watch and gives what it saw. */
  stop(): Promise<Traffic>
}

export interface WatchOptions {
  /** application_name of the sessions that run the migrations. */
  readonly watched: string
  /** Where the engine is told that a cancel is for the sake of others. */
  readonly gaveWayFile: string
  /** Whether what it runs now may be cancelled. */
  mayGiveWay(): Promise<GivingWay>
}

/** Begins to watch. A watch that cannot be, or that breaks, does not end the deploy: what it saw says so. */
export async function watchTraffic(tools: Tools, options: WatchOptions): Promise<TrafficWatch> {
  const record = new TrafficRecord()
  const { target, showValues } = tools.settings
  const watch = await openLockWatch(target, {
    applicationName: applicationName(tools, 'watch'),
    watched: options.watched,
    showsQueries: showValues,
  }).catch((error: Error) => {
    tools.screen.print(`  other sessions are not watched: ${clean(error.message)}`)
    record.noteNotSeen(error.message)
  })
  if (!watch) return { gaveWay: () => 0, stop: async () => record.asTraffic() }
  const looking = new Looking(tools, options, watch, record)
  const ended = looking.untilStopped()
  return {
    gaveWay: () => record.gaveWay,
    stop: async () => {
      looking.stop()
      // A look that is never answered ends with its connection.
      await Promise.race([ended, sleep(lastLookTimeoutMs, undefined, { ref: false })])
      await watch.end()
      await ended
      return record.asTraffic()
    },
  }
}

class Looking {
  readonly #stopped = new AbortController()
  readonly #told = new Set<string>()
  #refusedToEnd = false
  /** Looks that the server has refused since the last that it answered. */
  #refused = 0

  constructor(
    private readonly tools: Tools,
    private readonly options: WatchOptions,
    private readonly watch: LockWatch,
    private readonly record: TrafficRecord,
  ) {}

  stop(): void {
    this.#stopped.abort()
  }

  async untilStopped(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const nextAt = performance.now() + lookEveryMs
      try {
        if (!(await this.#isAnswered(this.#lookOnce())))
          return this.#tellBroken(new Error('the server does not answer'))
        this.#refused = 0
      } catch (error) {
        // What the server refuses now, e.g. because the migration holds a lock on the catalog, it may answer next time.
        if ((error as { severity?: string }).severity !== 'ERROR') return this.#tellBroken(error as Error)
        this.#noteRefused(error as Error)
      }
      await sleep(Math.max(0, nextAt - performance.now()), undefined, { signal }).catch(() => undefined)
    }
  }

  /** False when the wire swallows what is asked, or the answer. */
  async #isAnswered(look: Promise<void>): Promise<boolean> {
    const timer = new AbortController()
    const given = { ref: false, signal: timer.signal }
    try {
      return await Promise.race([look.then(() => true), sleep(unansweredMs, false, given)])
    } finally {
      timer.abort()
    }
  }

  async #lookOnce(): Promise<void> {
    const look = await this.watch.look()
    this.record.note(look)
    this.#tellBlockers(look)
    await this.#terminateIdle(look)
    await this.#giveWay(look)
  }

  #tellBlockers({ blockers }: TrafficLook): void {
    for (const wait of blockers) {
      if (this.#told.size < toldBlockers)
        this.#tellOnce(
          `blocker ${wait.session.pid}`,
          `waiting for ${formatBlocker(wait)}; ${adviseOn(wait.session)}`,
        )
    }
  }

  /** Only what --terminate-blockers names: sessions that do nothing and hold up the deploy. */
  async #terminateIdle({ blockers }: TrafficLook): Promise<void> {
    const { terminateBlockersMs } = this.tools.settings
    if (terminateBlockersMs === undefined || this.#refusedToEnd) return
    for (const { session, blocks } of blockers) {
      const isIdle = session.state?.startsWith('idle in transaction') === true
      if (!isIdle || (session.stateAgeMs ?? 0) <= terminateBlockersMs) continue
      try {
        if (!(await this.watch.terminate(session.pid, blocks, terminateBlockersMs))) continue
        this.record.noteTerminated(session)
        this.#print(`ended by --terminate-blockers: ${formatSession(session)}`)
      } catch (error) {
        if ((error as { code?: string }).code !== insufficientPrivilege) throw error
        this.#refusedToEnd = true
        this.#print(
          `--terminate-blockers cannot end ${formatSession(session)}: ${clean((error as Error).message)}`,
        )
      }
    }
  }

  /** When somebody has waited too long, the statement is cancelled; the engine rolls back and tries it again. */
  async #giveWay({ waiters }: TrafficLook): Promise<void> {
    const { settings, signal } = this.tools
    const [longest] = waiters.toSorted((one, other) => other.waitedMs - one.waitedMs)
    const isTooLong = settings.maxBlockingMs > 0 && Number(longest?.waitedMs) > settings.maxBlockingMs
    if (longest === undefined || !isTooLong || signal.aborted) return
    const way = await this.options.mayGiveWay()
    const who = `${formatSession(longest.session)} has waited ${formatMs(longest.waitedMs)} for the deploy`
    if (!way.possible) {
      if (way.why) this.#tellOnce(`stay ${way.why}`, `${who}, which cannot give way: ${clean(way.why)}`)
      return
    }
    await announceGivingWay(this.options.gaveWayFile)
    const isCancelled = await this.watch.cancel(longest.behind)
    if (!isCancelled) await endGivingWay(this.options.gaveWayFile)
    else if (this.record.noteGivingWay(longest.behind)) this.#print(`${who}: giving way`)
  }

  #noteRefused({ message }: Error): void {
    this.#refused += 1
    if (this.#refused < refusedLooks) return
    this.record.noteNotSeen(`the server refused to tell for a while: ${message}`)
    this.#tellOnce('refused', `other sessions cannot be seen: ${clean(message)}`)
  }

  #tellBroken(error: Error): void {
    this.record.noteNotSeen(error.message)
    this.#print(`other sessions are not watched any more: ${clean(error.message)}`)
  }

  #tellOnce(key: string, line: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#print(line)
  }

  #print(line: string): void {
    this.tools.screen.print(`  ${line}`)
  }
}

/** SQLSTATE insufficient_privilege. */
const insufficientPrivilege = '42501'
