import { nodesIn } from './nodes.js'
import { type ParsedStatement, parseStatements } from './parser.js'

/**
 * The first number of the statement that has digits in groups or is not decimal. PostgreSQL 14 takes such a one for a
 * number with a name behind it: `SELECT 1_000` gives 1, under the name `_000`. From 15 on the server refuses or knows it.
 * https://www.postgresql.org/docs/15/release-15.html
 */
export function newerNumberOf({ sql }: ParsedStatement): string | undefined {
  if (!/\d[_xob][\da-f]/i.test(sql)) return undefined
  const parsed = parseStatements(sql)
  if ('problem' in parsed) return undefined
  // The parser counts in bytes of UTF-8, from the beginning of what it was given.
  const bytes = Buffer.from(sql, 'utf8')
  for (const { A_Const: constant } of nodesIn(parsed.statements[0]?.node)) {
    if (constant?.ival === undefined && constant?.fval === undefined) continue
    const text = bytes.toString('utf8', constant.location ?? 0, (constant.location ?? 0) + 64)
    const [number] = /^(0[xob][\da-f_]+|\d+(_\d+)+)/i.exec(text) ?? []
    if (number !== undefined) return number
  }
  return undefined
}
