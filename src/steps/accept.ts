import type { Acceptance, AcceptanceComment } from '../domain/acceptance.js'
import { CheckError } from '../domain/errors.js'
import { type Finding, type Findings, isBlocking } from '../domain/finding.js'
import type { PendingMigration } from '../domain/migration.js'
import { findNearMisses } from '../settings/near-misses.js'
import { codePages } from './code-pages.js'

/** What the options, the configuration file and the comments in the pending files accept. */
export function acceptancesFor(
  pending: readonly PendingMigration[],
  { accept }: { accept: readonly Acceptance[] },
): (Acceptance | AcceptanceComment)[] {
  return [...accept, ...pending.flatMap(({ acceptances }) => acceptances ?? [])]
}

/**
 * Marks the findings that somebody accepted with a reason. One that was accepted for nothing is a warning of its own:
 * it is a typing error, or a leftover that would hide the next finding of its kind. While only the plan is made, what
 * the checks will find is not known: then only a code that does not exist is surely for nothing.
 */
export function applyAcceptances(
  findings: readonly Finding[],
  acceptances: readonly (Acceptance | AcceptanceComment)[],
  step: Finding['step'],
): Finding[] {
  const used = new Set<Acceptance>()
  const weighed = findings.map((finding) => {
    const acceptance = acceptances.find((one) => covers(one, finding))
    if (acceptance === undefined) return finding
    used.add(acceptance)
    return { ...finding, accepted: acceptance.reason }
  })
  const unused = acceptances.filter(
    (acceptance) => !used.has(acceptance) && (step !== 'plan' || !isKnown(acceptance.code)),
  )
  return [...weighed, ...unused.map((acceptance) => unusedFinding(acceptance, step))]
}

function covers(acceptance: Acceptance | AcceptanceComment, finding: Finding): boolean {
  return (
    acceptance.code === finding.code &&
    (acceptance.object === undefined || acceptance.object === finding.object) &&
    (acceptance.migration === undefined || acceptance.migration === finding.migration) &&
    (!('file' in acceptance) || isInReach(acceptance, finding))
  )
}

function isInReach({ file, lines }: AcceptanceComment, finding: Finding): boolean {
  if (lines === undefined) return true
  const { line = 0 } = finding
  return finding.file === file && lines.first <= line && line <= lines.last
}

function unusedFinding(acceptance: Acceptance | AcceptanceComment, step: Finding['step']): Finding {
  const { code, object, migration } = acceptance
  const name = object ? `${code}:${object}` : code
  return {
    code: 'unused-acceptance',
    kind: 'custom',
    verdict: 'warn',
    step,
    object: name,
    ...(migration ? { migration } : {}),
    ...('file' in acceptance ? { file: acceptance.file, line: acceptance.line } : {}),
    message: `nothing was found ${migration ? `in "${migration}" ` : ''}that "${name}" accepts`,
    hint: hintFor(code),
  }
}

function hintFor(code: string): string {
  if (isKnown(code)) return 'Remove the acceptance, or correct what it names.'
  const [nearest] = findNearMisses(
    code,
    codePages.map((page) => page.code),
  )
  return nearest
    ? `There is no such code; did you mean ${nearest}?`
    : 'There is no such code; migrate-guard explain lists all of them.'
}

function isKnown(code: string): boolean {
  return codePages.some((page) => page.code === code)
}

/** @throws CheckError when a finding blocks that nobody accepted. */
export function assertNothingBlocks({ findings }: Pick<Findings, 'findings'>): void {
  const blocking = findings.filter(isBlocking)
  if (blocking.length === 0) return
  const unknown = blocking.filter(({ verdict }) => verdict === 'unknown').length
  const parts = [
    blocking.length > unknown ? `${blocking.length - unknown} found` : '',
    unknown > 0 ? `${unknown} not answered` : '',
  ].filter(Boolean)
  throw new CheckError('blocked', `the checks block the deploy: ${parts.join(', ')}`, {
    hint: 'Mend what was found, or accept a finding by name: --accept <code>="reason".',
  })
}
