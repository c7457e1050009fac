import { type Evidence, type Finding, isBlocking, type Verdict } from '../domain/finding.js'
import { quoteForShell } from './psql-command.js'
import { clean, cleanLines, formatCount, formatRow } from './words.js'

const verdictWords: Readonly<Record<Verdict, string>> = {
  block: 'blocker',
  unknown: 'unknown',
  warn: 'warning',
  info: 'info',
}

/** A finding in the one layout that it has on the screen and in the reports. */
export function formatFinding(finding: Finding): string {
  const lines = [formatFindingHead(finding), `  ${clean(finding.message)}`]
  if (finding.evidence) lines.push(`  rows: ${formatEvidence(finding.evidence)}`)
  if (finding.findSql !== undefined) lines.push(...labelled('find:', finding.findSql))
  if (finding.fixSql !== undefined) lines.push(...labelled('fix:', finding.fixSql))
  if (finding.hint !== undefined) lines.push(...labelled('hint:', finding.hint))
  if (finding.accepted !== undefined) lines.push(`  accepted: ${clean(finding.accepted)}`)
  // What the verify step found is there already: no override can let the run go on.
  if (isBlocking(finding) && finding.step !== 'verify') lines.push(`  override: ${formatOverride(finding)}`)
  return lines.join('\n')
}

/** The first line of a finding: how grave, which, and where. */
export function formatFindingHead(finding: Finding): string {
  const word = finding.accepted === undefined ? verdictWords[finding.verdict] : 'accepted'
  const head = `${word} ${clean(finding.code)}`
  const place = formatPlace(finding)
  return place === undefined ? head : `${head}  ${clean(place)}`
}

function formatPlace({ file, line, object, migration }: Finding): string | undefined {
  if (file === undefined) return object ?? migration
  return line === undefined ? file : `${file}:${line}`
}

function formatEvidence({ count, samples }: Evidence): string {
  if (samples.length === 0) return formatCount(count)
  // A key of several columns is put in brackets, so that one sees where it ends.
  const keys = samples.map((row) => (Object.keys(row).length > 1 ? `(${formatRow(row)})` : formatRow(row)))
  return `${formatCount(count)}; for example ${keys.join(', ')}`
}

function formatOverride(finding: Finding): string {
  const subject = finding.object && !finding.places ? `${finding.code}:${finding.object}` : finding.code
  return `--accept ${quoteForShell(clean(subject))}="reason"   (stored in the run record and the report)`
}

/** Text of several lines under a label; the lines after the first stand below the first one's text. */
function labelled(label: string, text: string): string[] {
  return cleanLines(text).map((line, index) => `  ${(index === 0 ? label : '').padEnd(6)}${line}`)
}
