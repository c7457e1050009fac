import { barePrisma } from '../prisma-cli.js'
import { controlAt, type Question } from './control.js'
import { settle } from './judge.js'
import { type Environment, type FaultScene, faultEnvironment, makeScene } from './scene.js'

/** How one bare `prisma migrate deploy` is disturbed. */
export interface BareFault {
  readonly at?: string
  readonly act?: (question: Question, scene: FaultScene) => Promise<void>
  readonly error?: object
  readonly prepare?: (scene: FaultScene) => Promise<Environment | undefined>
  readonly repair?: (scene: FaultScene) => Promise<void>
}

const deploy = ['migrate', 'deploy']

/**
 * The same scene under a bare `prisma migrate deploy`. It is right when it exits 0 exactly when everything is applied, and
 * when a second one ends well where it failed. Gives what is wrong.
 */
export async function tryBare(fault: BareFault): Promise<string[]> {
  const scene = await makeScene()
  try {
    const { at, act, error } = fault
    const env = { DATABASE_URL: scene.database.url, ...(await fault.prepare?.(scene)) }
    const control = await controlAt(scene, async (question) => act?.(question, scene))
    const observer = at
      ? faultEnvironment({ at, ...(error ? { error } : { socket: control.socket }) })
      : undefined
    const { exitCode } = await barePrisma(scene.project, deploy, { ...env, ...observer })
    control.close()
    await fault.repair?.(scene)
    const wrong = await settle(scene)
    const { kind, history } = await scene.truth()
    if (at && act && !control.wasAsked()) throw new Error(`bare prisma never came to ${at}`)
    if ((exitCode === 0) !== (kind === 'all')) wrong.push(`exit ${exitCode}, the database is ${kind}`)
    if (kind !== 'all' || exitCode !== 0) {
      const again = await barePrisma(scene.project, deploy, { DATABASE_URL: scene.database.url })
      const after = await scene.truth()
      if (again.exitCode !== 0 || after.kind !== 'all')
        wrong.push(
          `the second deploy ended with ${again.exitCode} (${history}): ${again.stderr.trim().slice(0, 300)}`,
        )
    }
    return wrong
  } finally {
    await scene.remove()
  }
}
