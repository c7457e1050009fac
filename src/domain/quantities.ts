/**
 * A whole number with a comma at every thousand: `1,200,000`. By hand, because the first toLocaleString() of a process
 * was measured to take 40 ms and 10 MB.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A count and its noun: `1 pending migration`, `2 pending migrations`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

const sizeUnits = ['kB', 'MB', 'GB', 'TB', 'PB']

/** A size in the units of Postgres's own pg_size_pretty(), 1024 of one make the next: `412 MB`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1024) return plural(sizeBytes, 'byte')
  let size = sizeBytes / 1024
  let unit = 0
  // Weighed as it will be shown, so that nothing is ever "1,024 kB".
  while (Math.round(size) >= 1024 && unit < sizeUnits.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${formatShort(size)} ${sizeUnits[unit]}`
}

/** A duration as a person would say it: `40 ms`, `3.1 s`, `2 min 5 s`, `1 h 10 min`. */
export function formatMs(durationMs: number): string {
  const ms = Math.round(durationMs)
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${formatShort(ms / 1000)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** One decimal below ten, none above. */
function formatShort(value: number): string {
  return value < 9.95 ? value.toFixed(1) : formatCount(Math.round(value))
}
