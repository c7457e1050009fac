/**
 * How many milliseconds of CPU this process takes for `work`, which waits for nothing. On a busy machine the clock says more
 * of the machine.
 */
export function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
