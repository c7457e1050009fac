import type { CliResult } from '../run-cli.js'
import { controlAt, type Question } from './control.js'
import { contradictions, litterOf, settle } from './judge.js'
import { recover } from './recover.js'
import { deployArguments, type Environment, type FaultScene, faultEnvironment, makeScene } from './scene.js'
import type { Truth } from './truth.js'

/** How one run is disturbed. */
export interface Fault {
  /** The effect at which `act` is done, as `recordPoints` names it. */
  readonly at?: string
  /** Done while the run waits at that effect. */
  readonly act?: (question: Question, scene: FaultScene, guardId: number) => Promise<void>
  /** Thrown at that effect instead. */
  readonly error?: object
  /** Done to the scene before the run; gives more of its environment. */
  readonly prepare?: (scene: FaultScene) => Promise<Environment | undefined>
  readonly rehearses?: boolean
  readonly arguments?: readonly string[]
  /** What more must hold of the end; gives what is wrong. */
  readonly expects?: (result: CliResult, truth: Truth, scene: FaultScene) => string[] | Promise<string[]>
  /** A forged history or a foreign object is not for the guard to fix: it only must be seen. */
  readonly staysBroken?: boolean
  /** The fault itself changes the catalog: whose change it is need not be told. */
  readonly changesCatalog?: boolean
  /** It is the removal itself that fails: what is left then is for the next run to remove. */
  readonly leavesLitter?: boolean
  /** Takes the cause away before the recovery. */
  readonly repair?: (scene: FaultScene) => Promise<void>
}

/**
 * Runs the guard in a scene of its own, disturbs it, and asks the database and the machine: is what was said true, does
 * the printed way lead to a deployed database, is nothing left? Gives what is wrong.
 */
export async function tryFault(fault: Fault): Promise<string[]> {
  const scene = await makeScene()
  try {
    const { at, act, error } = fault
    const more = await fault.prepare?.(scene)
    let guardId = 0
    const control = await controlAt(scene, async (question) => act?.(question, scene, guardId))
    const env = at ? faultEnvironment({ at, ...(error ? { error } : { socket: control.socket }) }) : {}
    const args = [...deployArguments({ rehearses: fault.rehearses ?? false }), ...(fault.arguments ?? [])]
    const running = scene.start(args, { ...env, ...more })
    guardId = running.pid
    const result = await running.result
    control.close()
    const record = await scene.record()
    await fault.repair?.(scene)
    const wrong = await settle(scene)
    const truth = await scene.truth()
    if (!fault.staysBroken) wrong.push(...contradictions({ result, record }, truth, fault))
    if (at && act && !control.wasAsked()) wrong.push(`it never came to ${at}`)
    wrong.push(...((await fault.expects?.(result, truth, scene)) ?? []))
    // A run that ended by itself cleans up by itself.
    if (result.exitCode !== undefined && !fault.leavesLitter) wrong.push(...(await litterOf(scene)))
    if (fault.staysBroken) wrong.push(...(result.exitCode === 21 ? [] : ['it was not seen']))
    else if (fault.leavesLitter || !isSettled(result, truth)) {
      wrong.push(...(await recover(scene, result, args, fault)))
      wrong.push(...(await litterOf(scene)))
    }
    return wrong.map((text) => `${text} [exit ${result.exitCode}: ${record?.failure?.message ?? ''}]`)
  } finally {
    await scene.remove()
  }
}

/** Deployed, or stopped on purpose before anything was done: there is nothing to recover from. */
function isSettled({ exitCode }: CliResult, truth: Truth): boolean {
  return exitCode === 0 || (exitCode === 6 && truth.kind === 'unchanged' && truth.history.length === 0)
}
