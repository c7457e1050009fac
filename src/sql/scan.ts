import { scanSync } from 'libpg-query'

/** A token of the scanner of Postgres. */
export interface Token {
  /** Its kind, for example `SCONST` or `SQL_COMMENT`. */
  readonly tokenName: string
  /** As it is written. */
  readonly text: string
  /** Offsets in the UTF-8 bytes of the text. */
  readonly start: number
  readonly end: number
}

/**
 * Splits SQL into tokens, comments included. Needs the parser to be loaded.
 * @throws Error where the scanner of Postgres refuses the text
 */
export function scanTokens(sql: string): Token[] {
  const bytes = Buffer.from(sql, 'utf8')
  // Its answer is JSON in which a control character of a string or a name is not escaped.
  const { tokens } = scanSync(sql.replace(/[\x01-\x08\x0b\x0c\x0e-\x1f]/g, ' '))
  return tokens.map(({ tokenName, start, end }) => ({
    tokenName,
    start,
    end,
    text: bytes.toString('utf8', start, end),
  }))
}
