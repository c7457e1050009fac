import type { Finding } from '../domain/finding.js'
import type { Acceptance } from '../settings/accept.js'

/**
 * Marks the findings that somebody accepted with a reason. One that was accepted for nothing is a warning of its own:
 * it is a typing error, or a leftover that would hide the next finding of its kind.
 */
export function applyAcceptances(
  findings: readonly Finding[],
  acceptances: readonly Acceptance[],
  step: Finding['step'],
): Finding[] {
  const used = new Set<Acceptance>()
  const weighed = findings.map((finding) => {
    const acceptance = acceptances.find((one) => covers(one, finding))
    if (acceptance === undefined) return finding
    used.add(acceptance)
    return { ...finding, accepted: acceptance.reason }
  })
  const unused = acceptances.filter((acceptance) => !used.has(acceptance))
  return [...weighed, ...unused.map((acceptance) => unusedFinding(acceptance, step))]
}

function covers(acceptance: Acceptance, finding: Finding): boolean {
  return (
    acceptance.code === finding.code &&
    (acceptance.object === undefined || acceptance.object === finding.object) &&
    (acceptance.migration === undefined || acceptance.migration === finding.migration)
  )
}

function unusedFinding({ code, object }: Acceptance, step: Finding['step']): Finding {
  const name = object ? `${code}:${object}` : code
  return {
    code: 'unused-acceptance',
    kind: 'custom',
    verdict: 'warn',
    step,
    object: name,
    message: `nothing was found that "${name}" accepts`,
    hint: 'Remove the acceptance, or correct its code.',
  }
}
