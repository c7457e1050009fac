import type { Finding } from '../domain/finding.js'
import type { Node, ParsedStatement } from '../sql/parser.js'
import type { ForecastFile } from './file.js'
import { droppedBy } from './loss/drops.js'
import { type DroppedColumn, Lineage } from './loss/lineage.js'
import { renameColumnSql, renameTableSql } from './loss/proposals.js'
import type { Relation } from './model.js'
import { named, shown } from './named.js'
import { isWritten, keep, ofPlace } from './offline-loss-words.js'
import { unknownDropped } from './offline-unknown-tables.js'
import { followOffline, makeOfflineWalk } from './offline-walk.js'
import type { StatementPlace } from './requirement.js'
import { endTransaction } from './transaction.js'
import type { Walk } from './walk.js'

/**
 * What the files drop that earlier files have made, or that no file makes. Whether it holds data nobody knows without a
 * database, so that it is a warning. A history without such a statement is not followed at all.
 * @param files all migrations, in order
 * @param isShown whether this migration is of interest
 */
export async function lossesWithoutServer(
  files: readonly ForecastFile[],
  isShown: (migration: string) => boolean,
): Promise<Finding[]> {
  const last = files.findLastIndex(
    ({ migration, statements }) => isShown(migration) && statements.some(drops),
  )
  const walk = makeOfflineWalk()
  const lineage = new Lineage(walk)
  const old = new Set<Relation>()
  const found: (() => Finding)[] = []
  for (const { migration, file, statements } of files.slice(0, last + 1)) {
    for (const statement of statements) {
      walk.place = { migration, file, index: statement.index, line: statement.line }
      lineage.beforeStatement(statement)
      const dropped = isShown(migration) && drops(statement) ? await droppedBy(walk, statement) : []
      if (isShown(migration)) found.push(...unknownDropped(walk, statement, statements))
      for (const { columns, relations, by } of dropped) {
        for (const { relation, column } of columns) {
          if (!old.has(relation) || isOfHere(column.addedAt, migration)) continue
          const gone = lineage.dropped(relation, column)
          found.push(() => columnFinding(walk, lineage, gone, statements))
        }
        for (const relation of relations) {
          const { place } = walk
          if (by === undefined && old.has(relation) && relation.kind === 'table')
            found.push(() => tableFinding(walk, lineage, relation, place))
        }
      }
      await followOffline(walk, statement)
    }
    endTransaction(walk)
    walk.session.resetAll()
    for (const relation of walk.catalog.relations) old.add(relation)
  }
  return found.map((make) => make())
}

function drops({ kind, node }: ParsedStatement): boolean {
  if (kind === 'DropStmt') return node.removeType === 'OBJECT_TABLE'
  return (
    kind === 'AlterTableStmt' &&
    (node.cmds ?? []).some(({ AlterTableCmd }: Node) => AlterTableCmd.subtype === 'AT_DropColumn')
  )
}

function isOfHere(addedAt: object | undefined, migration: string): boolean {
  return (addedAt as StatementPlace | undefined)?.migration === migration
}

function columnFinding(
  walk: Walk,
  lineage: Lineage,
  gone: DroppedColumn,
  statements: readonly ParsedStatement[],
): Finding {
  const { relation, column, place } = gone
  const what = `${shown(relation, gone.name)} is dropped with the values that it holds`
  const again = lineage.readdedAs(gone)
  const added = lineage.renamedTo(gone)
  const renamed = added && !again && !isWritten(added.name, statements) ? added : undefined
  return {
    ...ofPlace(place),
    ...named(relation, [{ ...column, name: gone.name }]),
    code: again ? 'drop-and-re-add-column' : renamed ? 'probable-rename-column' : 'drop-column',
    message: again
      ? `${what}, and line ${again.place.line} adds the column again`
      : renamed
        ? `${what}, and line ${renamed.place.line} adds "${renamed.name}" of the same type: probably a rename`
        : what,
    hint: renamed
      ? `If it is a rename, write in the place of the DROP and the ADD: ${renameColumnSql(walk.catalog, relation, gone.name, renamed.name)} If not, copy the values first.`
      : keep,
  }
}

function tableFinding(walk: Walk, lineage: Lineage, relation: Relation, place: StatementPlace): Finding {
  const what = `${shown(relation)} is dropped with the rows that it holds`
  const renamed = lineage.renamedTableTo(relation, place)
  return {
    ...ofPlace(place),
    ...named(relation),
    code: renamed ? 'probable-rename-table' : 'drop-table',
    message: renamed
      ? `${what}, and line ${renamed.place.line} creates "${renamed.name}" with mostly the same columns: probably a rename`
      : what,
    hint: renamed
      ? `If it is a rename, write in the place of the DROP and the CREATE: ${renameTableSql(walk.catalog, relation, renamed.name)} If not, copy the rows first.`
      : keep,
  }
}
