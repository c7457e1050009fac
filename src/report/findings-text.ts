import { type Finding, isBlocking } from '../domain/finding.js'
import { groupBy } from '../domain/group-by.js'
import { formatFinding, formatFindingHead } from './finding-text.js'
import { clean, cleanLines, formatCount, plural } from './words.js'

/** A longer fix of a warning is left for `--verbose`: nobody needs it to go on. */
const shownFixLines = 3

/** What blocks first, then what nobody could tell, what a person accepted, and the rest. */
export function inOrderOfGravity(findings: readonly Finding[]): Finding[] {
  const order = ['block', 'unknown', 'accepted', 'warn', 'info']
  const rank = (finding: Finding) =>
    order.indexOf(isBlocking(finding) || finding.accepted === undefined ? finding.verdict : 'accepted')
  return findings.toSorted((one, other) => rank(one) - rank(other))
}

/**
 * Findings for the screen, a block of lines each. What differs only in the place is told once, what is accepted in short.
 * @param isVerbose each one whole, as in the report
 */
export function formatFindings(
  findings: readonly Finding[],
  { isVerbose }: { readonly isVerbose: boolean },
): string[] {
  const sorted = inOrderOfGravity(findings)
  if (isVerbose) return sorted.map(formatFinding)
  return groupBy(sorted, groupOf).map(formatGroup)
}

/** `2 rows-locked, 5 lock-held-through-file` */
export function formatFindingCounts(findings: readonly Finding[]): string {
  return groupBy(findings, ({ code }) => code)
    .map((group) => `${formatCount(group.length)} ${clean(group[0]?.code ?? '')}`)
    .join(', ')
}

/** The same for findings that say the same of several places; of its own for all that has rows, SQL or an answer to give. */
function groupOf(finding: Finding, index: number): string {
  const { code, verdict, file, hint, evidence, findSql, fixSql, accepted } = finding
  const isAlike = !isBlocking(finding) && !evidence && !findSql && !fixSql && accepted === undefined
  return JSON.stringify(isAlike ? [code, verdict, file, hint] : [index])
}

function formatGroup(group: readonly Finding[]): string {
  const [first] = group
  if (first === undefined) return ''
  if (group.length === 1) return formatFinding(inShort(first))
  const { line: _, object, migration, hint, ...shared } = first
  const place = shared.file === undefined && migration !== undefined ? { migration } : {}
  return [
    formatFindingHead({ ...shared, ...place }),
    ...group.map(({ line, message }) => `  ${line === undefined ? '' : `line ${line}  `}${clean(message)}`),
    ...(hint === undefined
      ? []
      : cleanLines(hint).map((text, i) => `  ${i === 0 ? 'hint:' : '     '} ${text}`)),
  ].join('\n')
}

function inShort(finding: Finding): Finding {
  if (finding.accepted !== undefined) {
    const { evidence: _rows, findSql: _find, fixSql: _fix, hint: _hint, ...said } = finding
    return said
  }
  const lines = finding.fixSql?.trimEnd().split('\n').length ?? 0
  if (isBlocking(finding) || lines <= shownFixLines) return finding
  return { ...finding, fixSql: `-- ${plural(lines, 'line')} of SQL: --verbose prints them` }
}
