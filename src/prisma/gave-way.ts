import { readFile, rm } from 'node:fs/promises'
import { effect } from '../effects/effect.js'
import { writePrivateFile } from '../effects/private-files.js'

/** A cancel comes at once. A word that is older was for a statement that ended before its cancel came. */
const freshMs = 5_000

/** Says to the engine host that the cancel which comes next is for the sake of others: to be tried again. */
export function announceGivingWay(path: string): Promise<void> {
  return writePrivateFile(path, String(Date.now()))
}

/** Takes the word back: from now on a cancel is final. */
export async function endGivingWay(path: string): Promise<void> {
  await effect('gave-way.remove', () => rm(path, { force: true }))
}

/** True when the guard has just said that it cancels for the sake of others. The word is good for one cancel. */
export async function isGivingWay(path: string): Promise<boolean> {
  const saidAt = await readFile(path, 'utf8').catch(() => undefined)
  if (saidAt === undefined) return false
  await endGivingWay(path)
  return Date.now() - Number(saidAt) < freshMs
}
