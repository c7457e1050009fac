import type { Finding } from '../domain/finding.js'

/** What names a row without telling anything of it: numbers, lists of numbers, UUIDs, truth values, nothing. */
const harmless = /^(-?\d+|[[{]-?\d+(,\s?-?\d+)*[\]}]|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|true|false)$/i

/**
 * The findings with the values in their sample rows masked, unless somebody asked to see them: reports go to CI logs
 * and tickets. Keys that are numbers stay, so that the rows can be found.
 */
export function maskValues(findings: readonly Finding[], { showValues }: { showValues: boolean }): Finding[] {
  return findings.map((finding) => {
    if (showValues || finding.evidence === undefined) return finding
    const samples = finding.evidence.samples.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, maskValue(value)])),
    )
    return { ...finding, evidence: { ...finding.evidence, samples } }
  })
}

function maskValue(value: unknown): unknown {
  if (value === null || harmless.test(String(value))) return value
  const [first = ''] = String(value)
  return `${first}…`
}
