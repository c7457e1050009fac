/** The least that is worth wrapping to: with less, every word would stand alone. */
const narrowest = 40
/** What is there to be copied stays one line: the terminal itself breaks it, and a copy of it is whole. */
const toCopy = /^ *(?:find|fix|override):|^(?:report|next +npx|restore +npx)\b/
const label = /^ *(?:[a-z-]+: +|[a-z]+(?: run)? {2,}|line \d+ +)/

/**
 * Breaks the lines of a text at spaces, so that none is longer than the terminal is wide; the rest of a line stands below its text.
 * @param columns the width of the terminal
 */
export function wrap(text: string, columns: number): string {
  if (columns < narrowest) return text
  let isCopied = false
  return text
    .split('\n')
    .flatMap((line) => {
      // The lines below the first one of a piece of SQL stand under it.
      isCopied = toCopy.test(line) || (isCopied && /^ {8}/.test(line))
      return isCopied ? [line] : wrapLine(line, columns)
    })
    .join('\n')
}

function wrapLine(line: string, columns: number): string[] {
  if (line.length <= columns) return [line]
  const own = /^ */.exec(line)?.[0].length ?? 0
  const indent = ' '.repeat(Math.min(label.exec(line)?.[0].length ?? own + 2, columns / 2))
  const lines: string[] = []
  let rest = line
  while (rest.length > columns) {
    const start = lines.length === 0 ? own : indent.length
    const end = rest.lastIndexOf(' ', columns)
    // A word longer than the line is not cut.
    const at = end > start ? end : rest.indexOf(' ', start)
    if (at <= start) break
    lines.push(rest.slice(0, at).trimEnd())
    rest = `${indent}${rest.slice(at).trimStart()}`
  }
  return [...lines, rest]
}
