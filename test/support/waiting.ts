import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so; fails after half a minute. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = Date.now() + 30_000; !(await isSo()); await sleep(50)) {
    if (Date.now() > giveUpAt) throw new Error(`it is not so: ${isSo}`)
  }
}
