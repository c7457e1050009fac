import type { CodePage } from '../domain/code-page.js'
import type { ErrorGroup, ErrorPage } from '../domain/error-page.js'
import type { FindingKind } from '../domain/finding.js'

const kindWords: Readonly<Record<FindingKind, string>> = {
  failure: 'the migration fails',
  loss: 'data is lost',
  lock: 'live traffic waits',
  health: 'the database is not well',
  history: 'files and migration history do not agree',
  custom: 'your own checks and acceptances',
}

const kinds = Object.keys(kindWords) as FindingKind[]

const lineWidth = 100

/** The page for a terminal. */
export function formatCodePage({ code, kind, title, why, remedy, example }: CodePage): string {
  return [
    `${code}: ${title}`,
    `kind: ${kind}, ${kindWords[kind]}`,
    '',
    ...wrap(why),
    '',
    ...wrap(remedy),
    ...(example ? ['', 'For example:', '', ...indent(example.sql)] : []),
    ...(example?.instead ? ['', 'Instead:', '', ...indent(example.instead)] : []),
    '',
    `To accept it: --accept ${code}="reason"`,
  ].join('\n')
}

/** The page of an error for a terminal. */
export function formatErrorPage({ code, title, remedy }: ErrorPage): string {
  return [`${code}: ${title}`, '', ...wrap(remedy)].join('\n')
}

/** Every code with its title: the findings by kind, then the errors by exit code. */
export function formatCodeList(pages: readonly CodePage[], errors: readonly ErrorGroup[]): string {
  const all = [...pages, ...errors.flatMap((group) => group.pages)]
  const width = Math.max(...all.map(({ code }) => code.length))
  const lines = (own: readonly { code: string; title: string }[]) =>
    own.map(({ code, title }) => `  ${code.padEnd(width)}  ${title}`)
  const groups = byKind(pages).map(({ kind, own }) =>
    [`${kind}: ${kindWords[kind]}`, ...lines(own)].join('\n'),
  )
  const ofErrors = errors.map(({ title, pages: own }) => [`errors: ${title}`, ...lines(own)].join('\n'))
  return `${[...groups, ...ofErrors].join('\n\n')}\n\nOne of them: npx migrate-guard explain <code>`
}

/** docs/errors.md: every error code with what to do. */
export function formatErrorsMarkdown(groups: readonly ErrorGroup[]): string {
  const sections = groups.flatMap(({ title, pages }) => [
    `## ${title}`,
    ...pages.map(({ code, title: what, remedy }) => `### ${code}\n\n${capitalize(what)}. ${remedy}`),
  ])
  return `${['# Error codes', errorIntroduction, ...sections].join('\n\n')}\n`
}

const errorIntroduction = `An error ends a command. Its last lines say what happened and what to do; the code stands in the JSON report as \`failure.code\`.
What is found in files and data has [codes of its own](checks/README.md). \`npm run docs\` writes this page.`

/** The page as Markdown, for docs/checks/<code>.md. */
export function formatCodePageMarkdown({ code, kind, title, why, remedy, example }: CodePage): string {
  return `${[
    `# ${code}`,
    `${capitalize(title)}.`,
    `Kind: ${kind} (${kindWords[kind]}).`,
    why,
    remedy,
    ...(example ? ['## Example', fence(example.sql)] : []),
    ...(example?.instead ? ['Instead:', fence(example.instead)] : []),
    '## Accepting it',
    `\`--accept ${code}="reason"\`, \`accept: [{ code: '${code}', reason: '…' }]\` in \`migrate-guard.config.ts\`, or a comment in a\nmigration that is not yet applied. [How](README.md#accepting-a-finding).`,
  ].join('\n\n')}\n`
}

/** The index of the pages as Markdown, for docs/checks/README.md. */
export function formatCodeIndexMarkdown(pages: readonly CodePage[]): string {
  const groups = byKind(pages).flatMap(({ kind, own }) => [
    `## ${capitalize(kind)}: ${kindWords[kind]}`,
    [
      '| code | what is found |',
      '|---|---|',
      ...own.map(({ code, title }) => `| [${code}](${code}.md) | ${title} |`),
    ].join('\n'),
  ])
  return `${['# Finding codes', introduction, ...groups, acceptingWords].join('\n\n')}\n`
}

const introduction = `Every finding of migrate-guard has a code. \`npx migrate-guard explain <code>\` prints its page in the terminal. These pages are
made from the checks themselves by \`npm run docs\`.`

const acceptingWords = `## Accepting a finding

A finding that is known and safe is accepted by name, with a reason. The reason goes into the run record and the report,
and an acceptance that fits nothing is reported as [unused-acceptance](unused-acceptance.md).

* For one run: \`--accept code[:object]="reason"\`. Without an object it is for every finding of the code.
* For a project: \`accept\` in \`migrate-guard.config.ts\`, each with \`code\` and \`reason\`, and \`object\` and \`migration\` to narrow it.
* In a migration that is not yet applied, a comment:

\`\`\`sql
-- migrate-guard-accept empty-migration: only a marker for the release

-- migrate-guard-accept drop-column:customers.fax: exported on Monday
ALTER TABLE "customers" DROP COLUMN "fax";
\`\`\`

A comment is for the statement that follows it, or on whose lines it stands. Only at the head of the file, with an empty
line between it and the first statement, is it for the whole file. A comment without a reason accepts nothing.

Do not write such a comment into a file that is applied already: it would change the file's checksum, and the file would be
an [edited-migration](edited-migration.md). Use the configuration file for that.`

function byKind(pages: readonly CodePage[]): { kind: FindingKind; own: readonly CodePage[] }[] {
  return kinds
    .map((kind) => ({ kind, own: pages.filter((page) => page.kind === kind) }))
    .filter(({ own }) => own.length > 0)
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function fence(sql: string): string {
  return `\`\`\`sql\n${sql}\n\`\`\``
}

function indent(sql: string): string[] {
  return sql.split('\n').map((line) => `  ${line}`)
}

/** Breaks a text between words. */
function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > lineWidth) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
