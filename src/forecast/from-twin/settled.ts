import type { Node } from '../../sql/parser.js'
import type { Walk } from '../walk.js'

/**
 * Whether the twin has settled what a statement does: it ran there, it is a definition that no row can refuse, and it moves
 * no rows. What of it the walk cannot follow the twin's catalog says.
 */
export function isSettledByTwin(walk: Walk, { kind, node }: { kind: string; node: Node }): boolean {
  return walk.onTwin.get(node)?.isProven === true && withoutRows.has(kind) && !node.partbound
}

const withoutRows: ReadonlySet<string> = new Set(
  `CreateStmt ViewStmt CreateSchemaStmt CreateEnumStmt AlterEnumStmt CreateDomainStmt CompositeTypeStmt CreateRangeStmt
   DefineStmt DropStmt RenameStmt AlterObjectSchemaStmt CreateSeqStmt AlterSeqStmt CreateFunctionStmt AlterFunctionStmt
   CreateTrigStmt RuleStmt CreateExtensionStmt AlterExtensionStmt CreatePolicyStmt AlterPolicyStmt GrantStmt CommentStmt
   CreatePublicationStmt AlterPublicationStmt CreateForeignTableStmt CreateCastStmt CreateStatsStmt`.split(
    /\s+/,
  ),
)
