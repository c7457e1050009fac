import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]
/** What a part of a line looks like; of several, the last is the innermost. */
type Look = readonly Format[]

const red: Look = ['bold', 'red']
const yellow: Look = ['bold', 'yellow']
const green: Look = ['bold', 'green']
const magenta: Look = ['bold', 'magenta']
const cyan: Look = ['cyan']
const bold: Look = ['bold']
const dim: Look = ['dim']
const plain: Look = []

/** The layouts of our lines: a pattern whose groups are the whole line, and the look of each group. */
const layouts: readonly (readonly [pattern: RegExp, ...looks: readonly Look[]])[] = [
  [/^( *)(error:)( .*)$/, plain, red, bold],
  [/^( *)(warning:)( .*)$/, plain, yellow, plain],
  [/^(hint:)( .*)$/, cyan, plain],
  ...verdictsLike('blocker', red),
  ...verdictsLike('unknown', magenta),
  ...verdictsLike('warning', yellow),
  ...verdictsLike('accepted', cyan),
  ...verdictsLike('info', cyan),
  ...stepsThat('passed', green),
  ...stepsThat('failed', red),
  ...stepsThat('skipped', yellow),
  ...stepsThat('not-run', dim),
  ...stepsThat('running', yellow),
  [/^(passed with warnings)(: .*)$/, yellow, bold],
  [/^(passed|planned)(: .*)$/, green, bold],
  [/^(failed|unknown)((?: |:).*)$/, red, bold],
  [/^(NO BACKUP|NOT REHEARSED)(:.*)$/, red, plain],
  [/^(database +)(UNKNOWN:)(.*)$/, dim, red, plain],
  [/^( +)(rows|find|fix|hint|override|accepted)(: .*)$/, plain, cyan, plain],
  [/^(next +)(.*)$/, dim, bold],
  [
    /^((?:target|server|history|database|plan|twin|last run|not run|findings|backup|rehearsal|exit|restore|report) +)(.*)$/,
    dim,
    plain,
  ],
]

/** `blocker orphan-rows  prisma/migrations/…/migration.sql:3` */
function verdictsLike(word: string, look: Look): (readonly [RegExp, ...Look[]])[] {
  return [[new RegExp(`^( *)(${word})( [a-z][a-z0-9-]+)((?: .*)?)$`), plain, look, bold, dim]]
}

/** `deploy    passed   2 of 2 migrations applied` */
function stepsThat(outcome: string, look: Look): (readonly [RegExp, ...Look[]])[] {
  return [[new RegExp(`^([a-z]+ +)(${outcome})((?: .*)?)$`), plain, look, plain]]
}

/**
 * Colours a text by the layout of its lines. It comes last: the text is clean before, so nobody but this file makes a colour.
 * @param stream where the text goes; without a terminal, or with NO_COLOR, it stays as it is
 */
export function paint(text: string, stream: NodeJS.WriteStream): string {
  return text
    .split('\n')
    .map((line) => paintLine(line, stream))
    .join('\n')
}

function paintLine(line: string, stream: NodeJS.WriteStream): string {
  for (const [pattern, ...looks] of layouts) {
    const [, ...parts] = pattern.exec(line) ?? []
    if (parts.length > 0) return parts.map((part, i) => painted(part, looks[i] ?? plain, stream)).join('')
  }
  return line
}

function painted(text: string, look: Look, stream: NodeJS.WriteStream): string {
  // An array of formats is newer than the oldest Node that is supported.
  return look.reduceRight((inner, format) => styleText(format, inner, { stream }), text)
}
