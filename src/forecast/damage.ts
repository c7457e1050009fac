import type { Finding } from '../domain/finding.js'
import { quoteRelation } from '../sql/names.js'
import type { Constraint, Relation } from './model.js'
import { named, shown } from './named.js'
import { needForeignKey } from './needs.js'
import type { Questions } from './questions.js'
import type { Requirement, StatementPlace } from './requirement.js'
import { keyName, type Walk } from './walk.js'

/** A foreign key that nothing enforced while a statement wrote, and what must hold of the rows in the end. */
interface Unguarded {
  readonly relation: Relation
  readonly key: Constraint
  readonly requirement: Requirement
}

/**
 * Rows that refer to nothing, put there while the triggers of their foreign key slept, or behind one that is NOT VALID.
 * The statements succeed and nobody is told: https://www.postgresql.org/docs/current/sql-altertable.html, DISABLE TRIGGER.
 * Asked of the rows as they are when all statements have run, since a later one often puts in what is missing.
 */
export async function damageFindings(walk: Walk, questions: Questions): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const unguarded of unguardedKeys(walk)) {
    const outcome = await questions.one(unguarded.requirement)
    if (outcome.kind === 'holds') continue
    const { question } = unguarded.requirement
    const findSql = questions.findSql(question)
    findings.push({
      ...damageFinding(unguarded, outcome.kind === 'violated' ? outcome.evidence?.count : undefined),
      ...(outcome.kind === 'violated' && outcome.evidence ? { evidence: outcome.evidence } : {}),
      ...(findSql === undefined ? {} : { findSql }),
    })
  }
  return [...findings, ...asleepFindings(walk)]
}

/** In the catalog as it is in the end, whatever has been renamed or dropped meanwhile. */
function unguardedKeys(walk: Walk): Unguarded[] {
  const { place } = walk
  const found: Unguarded[] = []
  for (const relation of walk.catalog.relations) {
    for (const key of relation.constraints) {
      const written = walk.unguarded.get(keyName(relation, key))
      if (written === undefined) continue
      walk.place = written
      const before = walk.requirements.length
      needForeignKey(walk, relation, key)
      for (const requirement of walk.requirements.splice(before)) found.push({ relation, key, requirement })
    }
  }
  walk.place = place
  return found
}

function damageFinding(
  { relation, key, requirement: { place } }: Unguarded,
  count: number | undefined,
): Finding {
  const columns = key.columns.map(({ name }) => name).join(', ')
  const rows = count === undefined ? 'how many rows' : `${count} ${count === 1 ? 'row' : 'rows'}`
  const refer = count === 1 ? 'refers' : 'refer'
  const said = `${rows} of "${relation.name}" ${refer} by ${columns} to a row of "${key.parent?.name}" that does not exist (${key.name})`
  return {
    ...common(place),
    code: 'orphan-rows',
    // A key that is NOT VALID says of itself that old rows may break it.
    verdict: count === undefined ? 'unknown' : key.isValidated ? 'block' : 'warn',
    object: `${relation.name}.${key.columns.map(({ name }) => name).join(',')}`,
    message:
      count === undefined
        ? `${said} is not known: the statement on line ${place.line} writes past the foreign key`
        : `after these migrations ${said}: the statement on line ${place.line} ${key.isValidated ? 'writes while the foreign key is not enforced' : 'makes the foreign key NOT VALID'}`,
    hint: `Put in the missing rows of "${key.parent?.name}", or correct the references, before the migrations end.`,
  }
}

/** Triggers that are still off in the end. */
function asleepFindings({ catalog, disabledAt }: Walk): Finding[] {
  return catalog.relations.flatMap((relation) => {
    const place = disabledAt.get(`${relation.schema}.${relation.name}`)
    if (!relation.areReferencesAsleep || place === undefined) return []
    const table = quoteRelation(relation.schema, relation.name)
    return [
      {
        ...common(place),
        code: 'foreign-key-not-enforced',
        verdict: 'warn' as const,
        ...named(relation),
        message: `line ${place.line} disables the triggers of ${shown(relation)} and nothing enables them again: its foreign keys will not enforce what they say`,
        hint: 'Enable the triggers at the end of the migration.',
        fixSql: `ALTER TABLE ${table} ENABLE TRIGGER ALL;`,
      },
    ]
  })
}

function common({ migration, file, line }: StatementPlace) {
  return { kind: 'health', step: 'check', migration, file, line } as const
}
