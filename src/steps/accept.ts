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
 * it is a typing error, or a leftover that would hide the next finding of its kind. What a later step finds, and while
 * only the plan is made what the checks find, is not known yet: then only a code that does not exist is surely for nothing.
 * A name that could mean several objects accepts none of them.
 *
 * @param home the schema of the target, in which a name needs no schema
 */
export function applyAcceptances(
  findings: readonly Finding[],
  acceptances: readonly (Acceptance | AcceptanceComment)[],
  step: Finding['step'],
  home = 'public',
): Finding[] {
  const ambiguous = new Map(
    acceptances.flatMap((one): [Acceptance, string[]][] => {
      const objects = objectsOf(one, findings, home)
      return objects.length > 1 ? [[one, objects]] : []
    }),
  )
  const used = new Set<Acceptance>(ambiguous.keys())
  const weighed = findings.map((finding) => {
    const acceptance = acceptances.find((one) => !ambiguous.has(one) && covers(one, finding, home))
    if (acceptance === undefined) return finding
    used.add(acceptance)
    return { ...finding, accepted: acceptance.reason }
  })
  const unused = acceptances.filter(
    (one) =>
      !used.has(one) &&
      !(isKnown(one.code) && (step === 'plan' || (step === 'check' && foundLater.has(one.code)))),
  )
  return [
    ...weighed,
    ...[...ambiguous].map(([one, objects]) => ambiguousFinding(one, objects, step)),
    ...unused.map((acceptance) => unusedFinding(acceptance, step)),
  ]
}

/** Only those that mean something that this step has found: any other has been told of where it was to be used. */
export function usedHere(
  acceptances: readonly Acceptance[],
  findings: readonly Finding[],
  home: string,
): Acceptance[] {
  return acceptances.filter((one) => findings.some((finding) => covers(one, finding, home)))
}

/** Found by the rehearsal or by the audit after the deploy. */
const foundLater: ReadonlySet<string> = new Set([
  ...['backup-differs', 'unexplained-change', 'way-back-fails', 'way-back-differs', 'way-back-not-rehearsed'],
  ...[
    'catalog-differs',
    'data-differs',
    'row-count-changed',
    'schema-difference',
    'pending-migration',
    'missing-table',
  ],
])

/** The objects that a name means, each with its schema. */
function objectsOf(acceptance: Acceptance, findings: readonly Finding[], home: string): string[] {
  if (acceptance.object === undefined) return []
  const meant = findings.filter((finding) => covers(acceptance, finding, home))
  return [
    ...new Set(meant.map(({ object, schema }) => (schema === undefined ? `${home}.${object}` : `${object}`))),
  ]
}

/** Under which names a finding can be accepted: with its schema, and without it. */
function namesOf({ object, schema }: Finding, home: string): (string | undefined)[] {
  if (object === undefined) return []
  return [object, schema === undefined ? `${home}.${object}` : object.slice(schema.length + 1)]
}

function covers(acceptance: Acceptance | AcceptanceComment, finding: Finding, home: string): boolean {
  return (
    acceptance.code === finding.code &&
    (acceptance.object === undefined || namesOf(finding, home).includes(acceptance.object)) &&
    (acceptance.migration === undefined || acceptance.migration === finding.migration) &&
    (!('file' in acceptance) || isInReach(acceptance, finding))
  )
}

function ambiguousFinding(
  acceptance: Acceptance | AcceptanceComment,
  objects: readonly string[],
  step: Finding['step'],
): Finding {
  const { code, object } = acceptance
  const names = objects.map((one) => `"${code}:${one}"`).join(' or ')
  return {
    ...unusedFinding(acceptance, step),
    message: `"${code}:${object}" could mean several objects, so it accepts none of them`,
    hint: `Name the schema too: ${names}.`,
  }
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
    : 'There is no such code; npx migrate-guard explain lists all of them.'
}

function isKnown(code: string): boolean {
  return codePages.some((page) => page.code === code)
}

/** @throws CheckError when a finding blocks that nobody accepted. */
export function assertNothingBlocks(
  { findings }: Pick<Findings, 'findings'>,
  failOn: 'block' | 'warn' = 'block',
): void {
  const isWarning = ({ verdict, accepted }: Finding) => verdict === 'warn' && accepted === undefined
  const blocking = findings.filter((one) => isBlocking(one) || (failOn === 'warn' && isWarning(one)))
  if (blocking.length === 0) return
  const unknown = blocking.filter(({ verdict }) => verdict === 'unknown').length
  const parts = [
    blocking.length > unknown ? `${blocking.length - unknown} found` : '',
    unknown > 0 ? `${unknown} not answered` : '',
  ].filter(Boolean)
  const cause = findings.find(isCause)
  throw new CheckError('blocked', `the checks block the deploy: ${parts.join(', ')}`, {
    hint: cause?.hint ?? 'Fix what was found, or accept a finding by name: --accept <code>="reason".',
  })
}

/**
 * The history does not say what is in the database, and a command of its own finds that out. What else is found, above all objects
 * that exist already, follows from that: whoever is told to fix those is sent the wrong way.
 */
const causes: ReadonlySet<string> = new Set(['squashed-history', 'failed-migration'])

function isCause(finding: Finding): boolean {
  // Where no deploy follows, the missing history is a warning; a squash that is dealt with is one too.
  if (finding.code === 'no-history') return finding.accepted === undefined
  return causes.has(finding.code) && isBlocking(finding)
}
