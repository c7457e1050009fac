import type { Finding, FindingPlace } from '../domain/finding.js'

/** Lines that a message names, before it only counts. */
const mostNamed = 5

/**
 * One cause is one finding, with a count: statements that are undecided for the same reason are told together. Done once
 * acceptances have been applied, so that what accepts one of them does not accept the others.
 */
export function foldFindings(findings: readonly Finding[]): Finding[] {
  const groups = new Map<string, Finding[]>()
  for (const [at, finding] of findings.entries()) {
    const { code, cause, verdict, step, accepted } = finding
    const key = cause === undefined ? String(at) : JSON.stringify([code, cause, verdict, step, accepted])
    groups.set(key, [...(groups.get(key) ?? []), finding])
  }
  return [...groups.values()].map(together)
}

function together(group: readonly Finding[]): Finding {
  const [first, ...others] = group as [Finding, ...Finding[]]
  if (others.length === 0) return first
  const { findSql: _findSql, fixSql: _fixSql, ...rest } = first
  const named = others.slice(0, mostNamed).map((one) => placeWords(one, first))
  const more = others.length - named.length
  const list = [...named, ...(more > 0 ? [`${more} more`] : [])]
  const statements = others.length === 1 ? 'one more statement' : `${others.length} more statements`
  return {
    ...rest,
    message: `${first.message}; the same of ${statements}: ${list.join(', ')}`,
    places: group.map(placeOf),
  }
}

function placeOf({ migration, file, line, object }: Finding): FindingPlace {
  return {
    ...(migration === undefined ? {} : { migration }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(object === undefined ? {} : { object }),
  }
}

function placeWords({ file, line, object }: Finding, { file: own }: Finding): string {
  const where = file === own || file === undefined ? `line ${line}` : `${file}:${line}`
  return object === undefined ? where : `${where} (${object})`
}
