import { SettingsError } from '../domain/errors.js'
import { givenValue } from './given-value.js'

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Postgres keeps its timeouts in a 32-bit number of milliseconds. */
const longestMs = 2_147_483_647

/**
 * Reads a duration such as `500ms`, `1s`, `1.5m` or `2h`; a bare `0` needs no unit. `name` is the option in the error.
 *
 * @returns whole milliseconds
 * @throws SettingsError `invalid-setting`
 */
export function parseDuration(text: string, name: string): number {
  if (text.trim() === '0') return 0
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)$/.exec(text.trim()) ?? []
  // Rounded far below a millisecond, because 1.1 * 1000 is not quite 1100.
  const ms = Number((Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN)).toFixed(6))
  if (!Number.isInteger(ms)) {
    throw new SettingsError('invalid-setting', `${givenValue(name, text)} is not a duration`, {
      hint: 'Write a number with its unit: 500ms, 1s, 5m or 2h; or 0 for no limit.',
    })
  }
  if (ms > longestMs) {
    throw new SettingsError('invalid-setting', `${givenValue(name, text)} is longer than Postgres can wait`, {
      hint: 'Write at most 596h, or 0 for no limit.',
    })
  }
  return ms
}

/** Milliseconds for people: `40 ms`, `3.1 s`, `2 min 5 s`, `1 h 4 min`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${tenths / 10} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return inTwo(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  return inTwo(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

function inTwo(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
