import { expect, test } from '@jest/globals'
import { tryBare } from '../../support/faults/bare.js'
import { deployArguments, recordPoints } from '../../support/faults/scene.js'
import { sweep, type Try } from '../../support/faults/sweep.js'
import { tryFault } from '../../support/faults/try-fault.js'
import { endBackends, killChild, killSoon, programs, signalProcess } from '../../support/faults/victims.js'
import { restartServer, useOwnServer } from '../../support/own-server.js'
import { chosenOf, groupTimeoutMs, sampleOf, triesAll } from './tally.js'

// Its server is stopped in the middle of deploys. What it says is committed must be there after it was stopped at once; what
// is not comes to its log late, so that it forgets also the ids that it has given to transactions.
const server = useOwnServer({ synchronous_commit: 'on', wal_writer_delay: '10s' })

const signals = ['SIGKILL', 'SIGTERM', 'SIGINT'] as const
const group = 'kill sweep'
type Act = NonNullable<Parameters<typeof tryFault>[0]['act']>
const sameServer = [...deployArguments({ rehearses: true }), '--rehearsal', 'same-server']

function pointsOf(recorded: readonly string[], who: RegExp): string[] {
  return recorded.filter((point) => who.test(point))
}

/** The run writes its own files more often than all else; there the two signals that stop take turns. */
function signalsAt(point: string): readonly (typeof signals)[number][] {
  const [turn] = /\d+$/.exec(point) ?? ['0']
  const left = Number(turn) % 2 === 0 ? 'SIGTERM' : 'SIGINT'
  return point.includes('file.write') ? signals.filter((signal) => signal !== left) : signals
}

/** The record says "unknown" with the last but one file before the deploy: until then a stop changes nothing. */
function isCalm(point: string, recorded: readonly string[]): boolean {
  return recorded.indexOf(point) < recorded.indexOf('guard before deploy.prisma 1') - 4
}

function killGuard(point: string, recorded: readonly string[], rehearses: boolean): Try[] {
  return signalsAt(point).map((signal) => ({
    name: `${signal} ${point}${rehearses ? ' (rehearsing)' : ''}`,
    subject: 'guard',
    run: () => {
      let hasBegun = false
      return tryFault({
        at: point,
        rehearses,
        act: async (_, scene, guardId) => {
          // A busy machine counts the writes of a file otherwise than the run that was recorded.
          const rows = await scene.database.query("SELECT FROM _prisma_migrations WHERE id <> '1'")
          hasBegun = rows.length > 0
          await signalProcess(guardId, signal)
        },
        expects: ({ exitCode }) =>
          signal !== 'SIGKILL' && isCalm(point, recorded) && !hasBegun && exitCode !== 6
            ? [`stopped before the deploy, it ended with ${exitCode}, not with 6`]
            : [],
      })
    },
  }))
}

test(
  'the guard and its children are killed at their effects',
  async () => {
    const plain = await recordPoints(deployArguments())
    // It takes as long as the whole sample.
    const rehearsed = triesAll ? await recordPoints(deployArguments({ rehearses: true })) : plain
    const known = new Set(plain)
    const atDeploy = pointsOf(plain, /^deploy /)
    // The places that matter most are always among them.
    const always = [
      'deploy after engine.commit 1',
      'guard after deploy.prisma 1',
      'deploy after engine.statement 4',
    ]
    expect(plain).toEqual(expect.arrayContaining(always))

    const ofGuard = plain.flatMap((point) => killGuard(point, plain, false))
    const whileRehearsing = rehearsed
      .filter((point) => !known.has(point) && / 1$/.test(point))
      .flatMap((point, place) =>
        killGuard(point, rehearsed, true).filter((_, i, { length }) => i === place % length),
      )
    // There a copy that is left stands on the server of the target itself.
    const besideTarget = triesAll ? await recordPoints(sameServer) : plain
    const copies = besideTarget
      .filter((point) => /^guard (before|after) rehearsal\.(?!pg-restore)/.test(point) && / 1$/.test(point))
      .map((point): Try => {
        const act: Act = (_, __, guardId) => signalProcess(guardId, 'SIGKILL')
        const fault = { at: point, act, rehearses: true, arguments: ['--rehearsal', 'same-server'] }
        return { name: `SIGKILL ${point} (on the same server)`, subject: 'guard', run: () => tryFault(fault) }
      })
    const ofChildren: Try[] = [
      ...atDeploy.flatMap((at) => [
        child('engine host', at, ({ processId }) => signalProcess(processId, 'SIGKILL')),
        child('Prisma CLI', at, ({ parentId }) => signalProcess(parentId, 'SIGKILL')),
        child('backend of the deploy', at, (_, scene) => endBackends(scene, 'migrate-guard deploy%')),
      ]),
      ...pointsOf(
        plain,
        /^(deploy before engine\.(statement|commit)|guard before (file.write 17|deploy.prisma))/,
      ).map((at) =>
        child('backend of the lock', at, (_, scene) => endBackends(scene, 'migrate-guard lock%')),
      ),
      ...[0, 15, 40, 80].flatMap((delayMs) => [
        child(`pg_dump after ${delayMs} ms`, 'guard before backup.pg-dump 1', (_, __, guardId) =>
          killSoon(guardId, programs.dump, delayMs),
        ),
        child(`backend of pg_dump after ${delayMs} ms`, 'guard before backup.pg-dump 1', async (_, scene) => {
          setTimeout(() => void endBackends(scene, 'migrate-guard backup%').catch(() => undefined), delayMs)
        }),
      ]),
      ...[0, 10].map((delayMs) =>
        child(`pg_restore after ${delayMs} ms`, 'guard before backup.read 1', (_, __, guardId) =>
          killSoon(guardId, programs.restore, delayMs),
        ),
      ),
      ...pointsOf(
        rehearsed,
        /^(rehearse before engine\.(statement|commit) [124]|guard before rehearsal\.pg-restore 1)/,
      ).map((at) =>
        child(
          'rehearsal server',
          at,
          (_, __, guardId) => killChild(guardId, programs.server, 'SIGKILL'),
          true,
        ),
      ),
    ]
    const bare = pointsOf(plain, /^deploy .*engine\.(query|statement|commit|begin)/).flatMap((point) => {
      const at = point.replace('deploy', 'prisma')
      return [bareChild('engine host', at, 'processId'), bareChild('Prisma CLI', at, 'parentId')]
    })
    const all = [...ofGuard, ...whileRehearsing, ...copies, ...ofChildren, ...bare]
    const sample = () => [
      ...ofGuard.filter(({ name }) => name === `SIGKILL ${always[0]}`),
      ...sampleOf(ofGuard, 1),
      ...sampleOf(ofChildren, 1),
      ...sampleOf(bare, 1),
    ]
    await sweep(group, chosenOf(all, sample))
  },
  groupTimeoutMs,
)

test(
  'the server is stopped at once and started again',
  async () => {
    const points = [
      ...['guard before backup.pg-dump 1', 'guard after lock.take 1', 'guard before deploy.prisma 1'],
      ...[
        'deploy before engine.statement 2',
        'deploy before engine.commit 1',
        'deploy after engine.commit 1',
      ],
      ...['deploy before engine.query 2', 'deploy after engine.query 2', 'deploy before engine.statement 4'],
      ...[
        'deploy after engine.statement 4',
        'deploy after engine.statement 5',
        'deploy after engine.query 6',
      ],
      ...['guard after deploy.prisma 1', 'guard before verify.diff 1'],
    ]
    const restart = () => restartServer(server(), 'immediate')
    const tries = points.map((at) => child('the whole server', at, restart))
    const bare: Try[] = points
      .filter((at) => at.startsWith('deploy'))
      .map((point) => {
        const at = point.replace('deploy', 'prisma')
        return {
          name: `the whole server ${at}`,
          subject: 'prisma',
          run: () => tryBare({ at, act: restart }),
        }
      })
    const chosen = chosenOf([...tries, ...bare], () => sampleOf(tries, 1))
    await sweep(group, chosen, 1)
  },
  groupTimeoutMs,
)

function child(victim: string, at: string, act: Act, rehearses = false): Try {
  return { name: `${victim}, ${at}`, subject: 'guard', run: () => tryFault({ at, act, rehearses }) }
}

/** The bare engine has no name of a run. */
function bareChild(victim: string, point: string, which: 'processId' | 'parentId'): Try {
  return {
    name: `${victim}, ${point}`,
    subject: 'prisma',
    run: () => tryBare({ at: point, act: (question) => signalProcess(question[which], 'SIGKILL') }),
  }
}
