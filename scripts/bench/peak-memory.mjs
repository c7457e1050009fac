import { readFileSync } from 'node:fs'

const pollMs = 50

/**
 * Watches how much memory a process has used at most, its children not counted. Linux keeps that number itself; on
 * other systems it is not known.
 * @returns a function that ends the watch and gives the number in megabytes, or undefined.
 */
export function watchPeakMemory(pid) {
  let peakMegabytes
  const look = () => {
    peakMegabytes = readPeak(pid) ?? peakMegabytes
  }
  const timer = setInterval(look, pollMs)
  return () => {
    clearInterval(timer)
    return peakMegabytes
  }
}

function readPeak(pid) {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    // It has ended, or this is no Linux.
    return undefined
  }
}
