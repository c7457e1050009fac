import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so; fails after two minutes, which a busy machine may need. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + 120_000; !(await isSo()); await sleep(50)) {
    if (Date.now() > giveUpAt) throw new Error(`it is not so: ${isSo}`)
  }
}
