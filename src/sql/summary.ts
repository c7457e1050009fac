/** The first words of a statement, on one line; never values, which stand further on. */
export function summarizeSql(sql: string, longest = 60): string {
  const words = sql
    .replace(/--.*$/gm, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  const head = /^[^('$=]*/.exec(words)?.[0].trim() ?? ''
  return head.length > longest ? `${head.slice(0, longest - 1)}…` : head
}
