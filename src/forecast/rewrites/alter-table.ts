import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { typeChangeRewrites, typeNamed } from '../locks/column-type.js'
import { lockClaimsOf } from '../locks/lock-claims.js'
import { findColumn, findRelation } from '../lookup.js'
import type { CatalogModel } from '../model.js'
import { expandAndContract, type NewDefault } from './change-type.js'
import { constraintPart, notNullFiles } from './constraints.js'
import { addedLabels } from './enum.js'
import { newColumnPart } from './new-column.js'
import type { Part, Place } from './part.js'
import type { RewrittenFile, SafeRewrite } from './safe-rewrite.js'
import { alterTableSql, fileName } from './sql.js'

/**
 * What is quick stays in one ALTER TABLE; what is not is deployed after it, piece by piece. Undefined when there is
 * nothing to gain, or a command that cannot be taken apart.
 */
export function alterTableApart(catalog: CatalogModel, node: Node): SafeRewrite | undefined {
  const relation = findRelation(catalog, relationOf(node.relation))
  if (!relation || node.objtype !== 'OBJECT_TABLE') return undefined
  const place = { catalog, relation }
  const commands: Node[] = (node.cmds ?? []).map((cmd: Node) => cmd.AlterTableCmd)
  const change = commands.find((cmd) => cmd.subtype === 'AT_AlterColumnType' && !isQuick(catalog, node, cmd))
  if (change) return changedType(place, commands, change)
  const parts = commands.map((cmd) =>
    isQuick(catalog, node, cmd) ? { commands: [cmd], files: [] } : partOf(place, cmd),
  )
  return parts.includes(undefined) ? undefined : join(place, node, parts as Part[])
}

/** It only changes the catalog. */
function isQuick(catalog: CatalogModel, node: Node, cmd: Node): boolean {
  const claims = lockClaimsOf(
    { kind: 'AlterTableStmt', node: { ...node, cmds: [{ AlterTableCmd: cmd }] } },
    catalog,
  )
  return claims.every(({ work }) => work !== 'scan' && work !== 'build' && work !== 'rewrite')
}

function partOf(place: Place, cmd: Node): Part | undefined {
  switch (cmd.subtype) {
    case 'AT_AddConstraint':
      return constraintPart(place, cmd.def.Constraint)
    case 'AT_SetNotNull':
      return { commands: [], files: notNullFiles(place, cmd.name) }
    case 'AT_AddColumn':
      return newColumnPart(place, cmd)
    default:
      return undefined
  }
}

function join({ relation }: Place, node: Node, parts: readonly Part[]): SafeRewrite | undefined {
  const commands = parts.flatMap((part) => part.commands)
  const later = parts.flatMap(({ files }) => files)
  if (later.length === 0) return undefined
  const first: RewrittenFile | undefined =
    commands.length === 0
      ? undefined
      : {
          name: fileName('alter', relation.name),
          sql: [
            ...parts.flatMap(({ before = [] }) => before),
            alterTableSql(node, commands),
            ...parts.flatMap(({ after = [] }) => after),
          ].join('\n'),
          why: 'only the catalog changes, under a short lock',
        }
  const [head, ...rest] = first ? [first, ...later] : later
  return head && { files: [head, ...rest] }
}

/** The only slow command of its statement, with at most a new default of the same column beside it. */
function changedType(place: Place, commands: readonly Node[], change: Node): SafeRewrite | undefined {
  const { catalog, relation } = place
  const column = findColumn(relation, change.name)
  const to = typeNamed(catalog, change.def.ColumnDef.typeName)
  if (!column || !to || !typeChangeRewrites(catalog, column, to, change.def.ColumnDef.raw_default))
    return undefined
  const added = addedLabels(catalog, column.type, to)
  if (added) return added
  const ofColumn = commands.filter(
    ({ name, subtype }) => name === change.name && subtype === 'AT_ColumnDefault',
  )
  const others = commands.filter((cmd) => cmd !== change && !ofColumn.includes(cmd))
  if (others.length > 0) return undefined
  const last = ofColumn.at(-1)
  const newDefault: NewDefault = last ? { ...(last.def ? { tree: last.def } : {}) } : 'kept'
  const [head, ...rest] = expandAndContract(place, change, newDefault) ?? []
  return head && { files: [head, ...rest] }
}
