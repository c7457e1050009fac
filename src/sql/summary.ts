/** Names in double quotes and texts in single ones, which may hold anything; comments; and what is neither. */
const pieces = /"(?:[^"]|"")*"|'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|[^"'/-]+|[\s\S]/g

/** SQL on one line, without its comments. What looks like one inside of quotes is none. */
export function onOneLine(sql: string): string {
  return (sql.match(pieces) ?? [])
    .map((piece) =>
      /^(--|\/\*)/.test(piece) ? ' ' : /^["']/.test(piece) ? piece : piece.replace(/\s+/g, ' '),
    )
    .join('')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** The first words of a statement, on one line; never values, which stand further on. */
export function summarizeSql(sql: string, longest = 60): string {
  let head = ''
  for (const piece of onOneLine(sql).match(pieces) ?? []) {
    const end = piece.startsWith('"') ? -1 : piece.search(/['($=]/)
    head += end < 0 ? piece : piece.slice(0, end)
    if (end >= 0 || head.length > longest) break
  }
  head = head.trim()
  return head.length > longest ? `${head.slice(0, longest - 1)}…` : head
}
