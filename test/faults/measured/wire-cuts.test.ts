import { test } from '@jest/globals'
import { tryBare } from '../../support/faults/bare.js'
import type { Environment, FaultScene } from '../../support/faults/scene.js'
import { sweep, type Try } from '../../support/faults/sweep.js'
import { tryFault } from '../../support/faults/try-fault.js'
import { type Cut, type CutPoint, startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js'
import { chosenOf, groupTimeoutMs, sampleOf } from './tally.js'

const cuts: readonly Cut[] = ['reset', 'close', 'black hole', 'slow']

/** The life of a deploy on the wire, as failure catalogues tell it. */
const points: Readonly<Record<string, Omit<CutPoint, 'session'>>> = {
  'before the advisory lock': { message: /pg_advisory_lock/, when: 'before it is sent' },
  'before the history row': { message: /INSERT INTO .*_prisma_migrations/, when: 'before it is sent' },
  'the row is there, reply lost': { message: /INSERT INTO .*_prisma_migrations/, when: 'reply lost' },
  'before the script': { message: /^BEGIN/, when: 'before it is sent' },
  'the script is committed, reply lost': { message: /^COMMIT/, when: 'reply lost' },
  'before the row is finished': { message: /UPDATE .*finished_at/, when: 'before it is sent' },
  'the row is finished, reply lost': { message: /UPDATE .*finished_at/, when: 'reply lost' },
}

/** What the guard asks by itself: of its lock, its snapshot, its evidence. */
const ownPoints: Readonly<Record<string, CutPoint>> = {
  'before the deploy lock': {
    session: /^migrate-guard lock/,
    message: /pg_try_advisory_lock/,
    when: 'before it is sent',
  },
  'the deploy lock is held, reply lost': {
    session: /^migrate-guard lock/,
    message: /pg_try_advisory_lock/,
    when: 'reply lost',
  },
  'before it asks for its lock again': {
    session: /^migrate-guard lock/,
    message: /pg_locks/,
    when: 'before it is sent',
  },
  'before the snapshot': {
    session: /^migrate-guard check/,
    message: /pg_export_snapshot/,
    when: 'before it is sent',
  },
  'the snapshot is there, reply lost': {
    session: /^migrate-guard check/,
    message: /pg_export_snapshot/,
    when: 'reply lost',
  },
  'before it reads the history after the deploy': {
    session: /^migrate-guard check/,
    message: /pg_xact_status/,
    when: 'before it is sent',
  },
  'what became of a transaction, reply lost': {
    session: /^migrate-guard check/,
    message: /pg_xact_status/,
    when: 'reply lost',
  },
}

const ofDump = { session: /^migrate-guard backup/ }
const dumpPoints: Readonly<Record<string, CutPoint>> = {
  'before its session begins': { ...ofDump, message: 'startup', when: 'before it is sent' },
  'its session has begun, reply lost': { ...ofDump, message: /set_config|SET /, when: 'reply lost' },
  'before it takes the snapshot': {
    ...ofDump,
    message: /SET TRANSACTION SNAPSHOT/,
    when: 'before it is sent',
  },
  'it has the snapshot, reply lost': { ...ofDump, message: /SET TRANSACTION SNAPSHOT/, when: 'reply lost' },
  'before it locks the tables': { ...ofDump, message: /LOCK TABLE/, when: 'before it is sent' },
  'before the rows': { ...ofDump, message: /^COPY/, when: 'before it is sent' },
  'the rows, lost': { ...ofDump, message: /^COPY/, when: 'reply lost' },
}

/** Puts the proxy between the run and the server; the test itself looks past it. */
function through(point: CutPoint, cut: Cut) {
  let proxy: TcpProxy | undefined
  return {
    prepare: async ({ database }: FaultScene): Promise<Environment> => {
      const { hostname, port } = new URL(database.url)
      proxy = await startTcpProxy({ host: hostname, port: Number(port) }, point, cut)
      return { DATABASE_URL: Object.assign(new URL(database.url), { port: String(proxy.port) }).href }
    },
    repair: async () => proxy?.close(),
    wasCut: () => proxy?.wasCut() === true,
  }
}

function guardTry(whose: string, name: string, point: CutPoint, cut: Cut): Try {
  return {
    name: `${whose}, ${name}: ${cut}`,
    subject: 'guard',
    run: () => {
      const { prepare, repair, wasCut } = through(point, cut)
      return tryFault({
        prepare,
        repair,
        expects: ({ exitCode }) => [
          ...(wasCut() ? [] : ['the wire never came to the point']),
          ...(cut === 'slow' && exitCode !== 0 ? [`only slow, and it ended with ${exitCode}`] : []),
        ],
      })
    },
  }
}

function bareTry(name: string, point: CutPoint, cut: Cut): Try {
  return {
    name: `bare prisma, ${name}: ${cut}`,
    subject: 'prisma',
    run: () => tryBare(through(point, cut)),
  }
}

test(
  'the wire is cut at every point of the deploy',
  async () => {
    const each = <T>(points: Readonly<Record<string, T>>, make: (name: string, point: T, cut: Cut) => Try) =>
      Object.entries(points).flatMap(([name, point]) => cuts.map((cut) => make(name, point, cut)))
    const ofEngine = each(points, (name, point, cut) =>
      guardTry('engine', name, { ...point, session: /^migrate-guard deploy/ }, cut),
    )
    const ofGuard = each(ownPoints, (name, point, cut) => guardTry('guard', name, point, cut))
    const dumps = each(dumpPoints, (name, point, cut) => guardTry('pg_dump', name, point, cut))
    const bare = each(points, (name, point, cut) =>
      bareTry(name, { ...point, session: /^migrate-guard engine/ }, cut),
    )
    const all = [...ofEngine, ...ofGuard, ...dumps, ...bare]
    const quick = ({ name }: Try) => !name.endsWith('black hole')
    const short = ({ name }: Try) => /(reset|close)$/.test(name)
    const chosen = chosenOf(all, () =>
      [ofEngine, ofGuard, dumps, bare].flatMap((tries) => sampleOf(tries.filter(short), 1)),
    )
    await sweep('wire cuts', chosen.filter(quick))
    // A minute in which nobody works: many of them wait side by side.
    await sweep(
      'wire cuts',
      chosen.filter((one) => !quick(one)),
      7,
    )
  },
  groupTimeoutMs,
)
