import { test } from '@jest/globals'
import { tryBare } from '../../support/faults/bare.js'
import { deployArguments, recordPoints } from '../../support/faults/scene.js'
import { sweep, type Try } from '../../support/faults/sweep.js'
import { tryFault } from '../../support/faults/try-fault.js'
import { chosenOf, groupTimeoutMs, sampleOf } from './tally.js'

interface Failure {
  readonly code: string
  readonly message: string
}

const ofSystem = (code: string, errno: number, message: string) => ({
  code,
  errno,
  syscall: 'write',
  message: `${code}: ${message}, write`,
})

const onDisk: readonly Failure[] = [
  ofSystem('ENOSPC', -28, 'no space left on device'),
  ofSystem('EACCES', -13, 'permission denied'),
  ofSystem('EIO', -5, 'i/o error'),
]

const onWire: readonly Failure[] = [ofSystem('ETIMEDOUT', -110, 'connection timed out')]

/** As the driver gives them: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ofServer: readonly Failure[] = [
  ['57014', 'canceling statement due to statement timeout'],
  ['55P03', 'canceling statement due to lock timeout'],
  ['40P01', 'deadlock detected'],
  ['53300', 'sorry, too many clients already'],
  ['57P01', 'terminating connection due to administrator command'],
  ['25006', 'cannot execute statement in a read-only transaction'],
].map(([code = '', message = '']) => ({ code, message, name: 'error', severity: 'ERROR' }))

/** What can go wrong there in the world: a file does not know deadlocks, and a statement no full disk of ours. */
function failuresOf(point: string): readonly Failure[] {
  if (/ (lock\.|engine\.(?!open)|deploy\.cancel|verify\.)/.test(point)) return [...ofServer, ...onWire]
  if (/ (deploy\.prisma|backup\.(pg-dump|read)|client-tool)/.test(point)) return [...onDisk, ...onWire]
  return onDisk
}

/** So many failures of those that can come there, other ones from place to place. */
function turnsOf(points: readonly string[], count: number) {
  return points.flatMap((at, place) => {
    const failures = failuresOf(at)
    return Array.from({ length: Math.min(count, failures.length) }, (_, turn) => ({
      at,
      error: failures[(place * count + turn) % failures.length] as Failure,
    }))
  })
}

test(
  'each call of a run fails',
  async () => {
    const points = await recordPoints(deployArguments())
    // Whether the lock is let go or its session simply ends is the same.
    const before = points.filter((point) => / before (?!lock\.release)/.test(point))
    // It was done, and the answer says that it was not.
    const after = points.filter((point) => / after (lock|engine|deploy)\./.test(point))
    const ofGuard: Try[] = [
      ...turnsOf(
        before.filter((point) => failuresOf(point) === onDisk),
        2,
      ),
      ...turnsOf(
        before.filter((point) => failuresOf(point) !== onDisk),
        3,
      ),
      ...after.map((at) => ({ at, error: onWire[0] as Failure })),
    ].map(({ at, error }) => ({
      name: `${error.code} ${at}`,
      subject: 'guard',
      run: () => tryFault({ at, error, leavesLitter: / before \w+\.remove/.test(at) }),
    }))
    const bare: Try[] = turnsOf(
      points.filter((point) => /^deploy before engine\.(?!open)/.test(point)),
      1,
    ).map(({ at, error }) => ({
      name: `${error.code} ${at}`,
      subject: 'prisma',
      run: () => tryBare({ at: at.replace('deploy', 'prisma'), error }),
    }))
    const sample = () => [...sampleOf(ofGuard, 3), ...sampleOf(bare, 1)]
    await sweep('failing calls', chosenOf([...ofGuard, ...bare], sample))
  },
  groupTimeoutMs,
)
