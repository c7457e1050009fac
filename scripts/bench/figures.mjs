/** The middle one of several numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The one line by which a benchmark says what it has found. */
export function formatFigure(name, number, goal) {
  return `figure ${name} = ${round(number)} (goal <= ${round(goal)}) ${number <= goal ? 'held' : 'missed'}`
}

/** A duration for a table: seconds with one decimal. */
export const formatSeconds = (ms) => `${(ms / 1000).toFixed(1)} s`

/** Two decimals below ten, none above. */
const round = (number) => Number(number.toFixed(number < 10 ? 2 : 0))
