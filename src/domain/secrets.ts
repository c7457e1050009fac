/** In the place of a secret. */
const hidden = '…'

/** Names under which passwords and keys go in URLs, connection strings, options and SQL. */
const secretName = String.raw`[\w.-]{0,64}(?:password|passwd|passphrase|passcode|secret|token|api_?key|private_?key)[\w.-]{0,64}|pwd`

/**
 * The text without what looks like a password: between `:` and `@` of a URL, whatever its scheme; behind `password=` and
 * the like; behind PASSWORD in SQL, also where the quotation marks are doubled. For text that was given to us in another
 * place than it belongs, such as a URL as the name of an option. Every repetition has a limit: the text may be of any
 * length, and without limits a long word without a space takes minutes.
 */
export function withoutPasswords(text: string): string {
  return (
    text
      // Up to the last "@" of the word: a password that is not encoded may hold one. What our hints show is none.
      .replace(
        /([a-z][\w+.-]{0,40}:\/{1,3})(?!user:password@)[^\s'"`<>@/]{0,256}:[^\s'"`<>]{0,2000}@/gi,
        `$1${hidden}@`,
      )
      // The same without a scheme, or with half of one.
      .replace(
        /(?<![^\s'"`<>=(,])[^\s'"`<>=(,]{1,256}:(?!\/)[^\s'"`<>]{1,2000}@(?=[\w.[\]-]+(?::\d+)?(?:[/?]|$|[\s'"`]))/g,
        (found) => (found.endsWith('//user:password@') ? found : `${hidden}@`),
      )
      .replace(
        new RegExp(
          String.raw`\b(${secretName})(\s*(?:=>|:=|=)\s*|["']?\s*:\s*(?=["']))('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|[^\s&'",;)]+)`,
          'gi',
        ),
        (_, name: string, between: string) => `${name}${between}${hidden}`,
      )
      // In a literal, and in one inside of another, where each quotation mark is doubled.
      .replace(
        new RegExp(
          String.raw`\b(${secretName})(\s+)(?:E|U&)?(?:'(?!')(?:[^'\\]|\\[^']|'')*'|'{2,}(?:[^']|'{4})*)`,
          'gi',
        ),
        (found: string, name: string, space: string) => {
          const quotes = /'+/.exec(found.slice(name.length))?.[0] ?? "'"
          return `${name}${space}${quotes}${hidden}${quotes.length === 1 ? quotes : ''}`
        },
      )
      .replace(
        new RegExp(String.raw`\b(${secretName})(\s+)(\$\w*\$)[\s\S]*?\3`, 'gi'),
        (_, name: string, space: string) => `${name}${space}'${hidden}'`,
      )
  )
}
