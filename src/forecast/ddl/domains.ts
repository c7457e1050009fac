import { quoteIdentifier, relationOfParts } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { bindTypes } from '../bind.js'
import { castTo, domainCondition, NotFollowed } from '../casts.js'
import { findType } from '../lookup.js'
import type { Column, DomainCheck, Relation, TypeObject } from '../model.js'
import { named, shown } from '../named.js'
import { allRows } from '../needs.js'
import { typeOf } from '../types.js'
import { opacityOf, sampleOf, type Walk } from '../walk.js'
import { makeType } from './types.js'

/** CREATE DOMAIN */
export function followCreateDomain(walk: Walk, node: Node): void {
  const name = relationOfParts(node.domainname).name
  const constraints: Node[] = (node.constraints ?? []).map((one: Node) => one.Constraint)
  const fallback = constraints.find(({ contype }) => contype === 'CONSTR_DEFAULT')?.raw_expr
  const domainChecks: DomainCheck[] = []
  for (const one of constraints)
    if (one.contype === 'CONSTR_CHECK') domainChecks.push(checkOf(walk, name, domainChecks, one))
  makeType(walk, node.domainname, 'domain', {
    base: typeOf(walk.catalog, node.typeName),
    domainNotNull: constraints.some(({ contype }) => contype === 'CONSTR_NOTNULL'),
    domainChecks,
    ...(fallback ? { domainDefault: bindTypes(walk.catalog, fallback) } : {}),
  })
}

/** A CHECK without a name is called after its domain. */
function checkOf(walk: Walk, domain: string, others: readonly DomainCheck[], node: Node): DomainCheck {
  const names = new Set(others.map(({ name }) => name))
  let name: string = node.conname ?? `${domain}_check`
  for (let i = 1; node.conname === undefined && names.has(name); i += 1) name = `${domain}_check${i}`
  return {
    name,
    expression: bindTypes(walk.catalog, node.raw_expr),
    isValidated: node.skip_validation !== true,
  }
}

/**
 * ALTER DOMAIN: a new constraint is asked of every column of the domain.
 * https://www.postgresql.org/docs/current/sql-alterdomain.html
 */
export function followAlterDomain(walk: Walk, node: Node): void {
  const type = findType(walk.catalog, relationOfParts(node.typeName))
  if (!type?.base) throw new NotFollowed('the domain is not known')
  switch (node.subtype) {
    case 'T':
      if (node.def) type.domainDefault = bindTypes(walk.catalog, node.def)
      else delete type.domainDefault
      break
    case 'N':
      detachDomain(walk, type)
      type.domainNotNull = false
      break
    case 'O':
      needOfColumns(walk, type, (value) => `${value} IS NULL`, '23502', 'holds no NULL')
      detachDomain(walk, type)
      type.domainNotNull = true
      break
    case 'C': {
      const { Constraint } = node.def
      if (Constraint.contype !== 'CONSTR_CHECK') throw new NotFollowed('a constraint of a domain')
      const check = checkOf(walk, type.name, type.domainChecks ?? [], Constraint)
      if (check.isValidated) needCheckOfColumns(walk, type, check)
      detachDomain(walk, type)
      type.domainChecks = [...(type.domainChecks ?? []), check]
      break
    }
    case 'V': {
      const check = type.domainChecks?.find(({ name }) => name === node.name)
      if (!check) throw new NotFollowed(`constraint "${node.name}" is not known`)
      if (!check.isValidated) needCheckOfColumns(walk, type, check)
      check.isValidated = true
      break
    }
    case 'X':
      detachDomain(walk, type)
      type.domainChecks = (type.domainChecks ?? []).filter(({ name }) => name !== node.name)
      break
    default:
      throw new NotFollowed('ALTER DOMAIN')
  }
}

/** Today's server would hold its values to the constraints of today: from here on they are of the base type. */
function detachDomain(walk: Walk, type: TypeObject): void {
  if (type.live === undefined || !type.base) return
  delete type.live
  for (const { relation, column } of columnsOf(walk, type)) {
    const isArray = type.base.isArray || column.type.isArray
    column.from = castTo(column.from, { ...type.base, isArray }, 'explicit')
    relation.isDirty = true
  }
}

function needCheckOfColumns(walk: Walk, type: TypeObject, check: DomainCheck): void {
  const violation = (value: string) => `${domainCondition(check, value)} IS FALSE`
  needOfColumns(walk, type, violation, '23514', `satisfies "${check.name}"`)
}

function needOfColumns(
  walk: Walk,
  type: TypeObject,
  violationOf: (value: string) => string,
  sqlstate: '23502' | '23514',
  demand: string,
): void {
  for (const { relation, column } of columnsOf(walk, type)) {
    if (relation.isEmpty || !/table/.test(relation.kind)) continue
    if (column.type.isArray) throw new NotFollowed(`arrays of domain "${type.name}"`)
    const rows = allRows(walk, relation)
    walk.need({
      code: sqlstate === '23502' ? 'not-null-violation' : 'check-violation',
      sqlstate,
      ...named(relation, [column]),
      title: `${shown(relation, column.name)} of domain "${type.name}" ${demand}`,
      question: {
        kind: 'rows',
        from: rows.from,
        violation: violationOf(quoteIdentifier(column.name)),
        sample: sampleOf(relation, [column]),
      },
      opaque: [...rows.opaque, ...opacityOf(relation, [column])],
    })
  }
}

function columnsOf(walk: Walk, type: TypeObject): { relation: Relation; column: Column }[] {
  return walk.catalog.relations.flatMap((relation) =>
    relation.columns.filter((column) => column.type.object === type).map((column) => ({ relation, column })),
  )
}
