import { readFileSync } from 'node:fs'
import type { Random } from './random.js'

const statements = readFileSync(new URL('../../fixtures/hostile/statements.sql', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)

/** Names, strings, numbers, dollar quotes, operators and marks: a rough cut, for the parser shall see what does not fit. */
const token =
  /"(?:[^"]|"")*"|'(?:[^']|'')*'|\$\w*\$|[A-Za-z_][\w.]*|\d+(?:\.\d+)?|::|[<>=!~@#&|*/+-]+|\s+|./gs

const vocabulary = [...new Set(statements.flatMap((line) => line.match(token) ?? []))].filter(
  (word) => word.trim() !== '',
)

const odd = [
  ...[
    'NULL',
    'DEFAULT',
    'VALUE',
    '*',
    '()',
    '""',
    "''",
    "E'\\\\x'",
    "U&'\\0041'",
    "B'1'",
    "X'ff'",
    '$1',
    ':name',
    '?',
  ],
  ...[
    '9223372036854775808',
    '-1',
    '1e400',
    '0x1F',
    '1_000',
    "'NaN'",
    "'infinity'",
    "interval '1 day'",
    '.5',
    '1..2',
  ],
  ...[
    'pg_catalog.int4',
    'public.users',
    'nowhere.users',
    'users.*',
    '(users).email',
    '(ROW(1, 2)).f1',
    'ctid',
    'tableoid',
  ],
  ...[
    'ONLY',
    'ALL',
    'IF EXISTS',
    'CASCADE',
    'NOT',
    'USING',
    'COLLATE "C"',
    'VARIADIC',
    'LATERAL',
    'ROWS FROM (now())',
  ],
  ...[
    '/* /* */ */',
    '-- x\n',
    '\\restrict',
    '\u00e9\u{1f600}',
    '\u0000',
    'ARRAY[[1], [2]]',
    "'{}'::int[]",
    '[1:2]',
    ';',
    ';;',
  ],
]

/** Some statements that people write, with a few things in them that nobody would. */
export function mutateSql(random: Random): string {
  const lines = Array.from({ length: 1 + random.below(3) }, () => random.pick(statements))
  const words = lines.join('\n').match(token) ?? []
  const times = 1 + random.below(4)
  for (let i = 0; i < times; i += 1) mutate(words, random)
  return words.join('')
}

function mutate(words: string[], random: Random): void {
  const at = random.below(words.length)
  const other = random.below(words.length)
  switch (random.below(12)) {
    case 0:
      words.splice(at, 1 + random.below(3))
      return
    case 1:
      words.splice(at, 0, ' ', random.pick(odd), ' ')
      return
    case 2:
      words[at] = ` ${random.pick(vocabulary)} `
      return
    case 3:
    case 4: {
      // Another one of its kind: what is parsed all the same goes deeper than what is not.
      const kind = kindOf(words[at] ?? '')
      words[at] = random.pick(vocabulary.filter((word) => kindOf(word) === kind)) ?? ''
      return
    }
    case 5:
      words.splice(at, 0, ...words.slice(other, other + 1 + random.below(8)))
      return
    case 6:
      ;[words[at], words[other]] = [words[other] ?? '', words[at] ?? '']
      return
    case 7:
      words[at] = ` (${words[at]}) `
      return
    case 8:
      words[at] = random.pick(odd)
      return
    case 9: {
      const from = random.pick(statements).match(token) ?? []
      const part = random.below(from.length)
      words.splice(at, random.below(4), ...from.slice(part, part + 1 + random.below(12)))
      return
    }
    case 10:
      // What is far too much of one thing; seldom, because it takes long.
      if (random.onceIn(8)) words.splice(at, 0, random.pick(tooMuch)(words[at] ?? '1'))
      return
    default:
      words[at] = (words[at] ?? '').toUpperCase()
  }
}

const tooMuch: readonly ((word: string) => string)[] = [
  (word) => `${`${word} + `.repeat(3_000)}${word}`,
  (word) => `${'('.repeat(2_000)}${word}${')'.repeat(2_000)}`,
  (word) => `${word}, `.repeat(2_000),
  () => `'${'x'.repeat(200_000)}'`,
  () => `SELECT 1 ${'UNION ALL SELECT 1 '.repeat(1_000)}`,
  () => `${'NOT '.repeat(2_000)}true`,
  () => ';SELECT 1'.repeat(1_000),
  () => `"${'n'.repeat(5_000)}"`,
]

function kindOf(word: string): string {
  if (/^[A-Z]/.test(word)) return 'keyword'
  if (/^["a-z_]/.test(word)) return 'name'
  if (/^['\d]/.test(word)) return 'value'
  return 'mark'
}
