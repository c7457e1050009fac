import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { FaultScene } from '../support/faults/scene.js'
import type { Truth } from '../support/faults/truth.js'
import { tryFault } from '../support/faults/try-fault.js'
import { waitFor } from '../support/guarded-database.js'
import { isLong } from '../support/long.js'

// The engine is held between two of its effects, where no statement runs on the server that could be cancelled. The run
// is cancelled, and the engine goes on.

async function isTold({ environment }: FaultScene): Promise<boolean> {
  const temporary = String(environment.TMPDIR)
  return readdirSync(temporary).some((name) => existsSync(join(temporary, name, 'stop-deploy')))
}

/** Where the engine is, how the run ends, and what of the migrations is there then. */
const moments: readonly (readonly [string, number, Truth['kind']])[] = [
  ['deploy after engine.statement 2', 20, 'unchanged'],
  ['deploy after engine.commit 1', 21, 'prefix'],
  ['deploy after engine.open-events 1', 6, 'unchanged'],
  ['deploy before engine.begin 1', 20, 'unchanged'],
  // All statements of the first migration ran; its COMMIT comes next.
  ['deploy after engine.statement 3', 20, 'unchanged'],
  ['deploy after engine.statement 4', 21, 'part'],
]

test.each(isLong ? moments : moments.slice(0, 2))(
  'told to stop %s, a run begins nothing more and ends with %i',
  async (at, exitCode, kind) => {
    const wrong = await tryFault({
      at,
      act: async (_, scene, guardId) => {
        process.kill(guardId, 'SIGTERM')
        await waitFor('the engine to be told', () => isTold(scene), 10_000)
      },
      expects: (result, truth) =>
        result.exitCode === exitCode && truth.kind === kind
          ? []
          : [`it ended with ${result.exitCode}, and is ${truth.kind}: ${result.stderr}`],
    })
    expect(wrong).toEqual([])
  },
)
