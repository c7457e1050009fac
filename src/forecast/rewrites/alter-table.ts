import { relationOf } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { worksOf } from '../locks/alter-by-text.js'
import type { LockClaim } from '../locks/claim.js'
import { findColumn, findRelation } from '../lookup.js'
import type { CatalogModel, Relation } from '../model.js'
import { expandAndContract, type NewDefault } from './change-type.js'
import { constraintPart, notNullFiles } from './constraints.js'
import { addedLabels } from './enum.js'
import { newColumnPart } from './new-column.js'
import type { Part, Place } from './part.js'
import type { RewrittenFile, SafeRewrite } from './safe-rewrite.js'
import { alterTableSql, fileName } from './sql.js'
import { typeNamed } from './type-named.js'

/**
 * What is quick stays in one ALTER TABLE; what is not is deployed after it, piece by piece. Undefined when there is
 * nothing to gain, or a command that cannot be taken apart.
 * @param claims what the whole statement locks and does
 */
export function alterTableApart(
  catalog: CatalogModel,
  node: Node,
  claims: readonly LockClaim[],
): SafeRewrite | undefined {
  const relation = findRelation(catalog, relationOf(node.relation))
  if (!relation || node.objtype !== 'OBJECT_TABLE') return undefined
  const place = { catalog, relation }
  const commands: Node[] = (node.cmds ?? []).map((cmd: Node) => cmd.AlterTableCmd)
  const rewrites = claims.some((claim) => claim.work === 'rewrite' && isOn(claim, relation))
  const isQuick = ({ subtype, def, missing_ok }: Node) =>
    worksOf(catalog, { subtype, def, missing_ok }).every(({ work }) => work === 'rewrite' && !rewrites)
  const change = commands.find((cmd) => cmd.subtype === 'AT_AlterColumnType' && !isQuick(cmd))
  if (change) return changedType(place, commands, change)
  const parts = commands.map((cmd) =>
    isQuick(cmd) ? { commands: [cmd], files: [] } : partOf(place, cmd, rewrites),
  )
  return parts.includes(undefined) ? undefined : join(place, node, parts as Part[])
}

function isOn({ target }: LockClaim, { schema, name }: Relation): boolean {
  return target.kind === 'relation' && target.relation.schema === schema && target.relation.name === name
}

function partOf(place: Place, cmd: Node, rewrites: boolean): Part | undefined {
  switch (cmd.subtype) {
    case 'AT_AddConstraint':
      return constraintPart(place, cmd.def.Constraint)
    case 'AT_SetNotNull':
      return { commands: [], files: notNullFiles(place, cmd.name) }
    case 'AT_AddColumn':
      return newColumnPart(place, cmd, rewrites)
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
  if (!column || !to) return undefined
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
