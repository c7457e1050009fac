import { readFile } from 'node:fs/promises'

/** A tick of the kernel: USER_HZ is 100 on every platform that Node runs on, https://man7.org/linux/man-pages/man7/time.7.html */
const msOfTick = 10

/**
 * CPU time in ms of the children that have ended, with theirs: a server that a child has started and stopped counts. Other work on
 * the machine makes a run longer, and seldom its CPU time.
 * @returns undefined where the system does not tell, as on macOS
 */
export async function cpuMsOfChildren() {
  const line = await readFile('/proc/self/stat', 'utf8').catch(() => undefined)
  if (line === undefined) return undefined
  // cutime and cstime, behind the name of the program, which stands in parentheses and may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * msOfTick
}
