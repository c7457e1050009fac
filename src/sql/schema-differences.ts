import { formatRelation, type RelationName, relationOf, relationOfParts } from './names.js'
import type { Node, ParsedStatement } from './parser.js'

/** A way in which the database is not what the schema declares: a step of the script that would make it so. */
export interface SchemaStep {
  readonly kind:
    | 'missing table'
    | 'missing column'
    | 'missing enum'
    | 'missing value'
    | 'missing index'
    | 'missing constraint'
    | 'extra table'
    | 'extra column'
    | 'extra enum'
    | 'extra index'
    | 'extra constraint'
    | 'default'
    | 'type'
    | 'values'
    | 'not null'
    | 'null'
    | 'name'
    | 'other'
  /** The table, index or type it is about. */
  readonly relation: RelationName
  /** The column, constraint or value. */
  readonly part?: string
  /** What the schema wants: a type, a default, a name, the values of an enum. */
  readonly wanted?: string
  /** Of an index or key: its columns. */
  readonly columns?: readonly string[]
  readonly sql: string
}

/** Reads the script of `prisma migrate diff --script` from the database to the schema, one step for each difference. */
export function readSchemaSteps(statements: readonly ParsedStatement[]): SchemaStep[] {
  const steps: SchemaStep[] = []
  let inEnum = false
  for (const statement of statements) {
    const { kind, node } = statement
    // Prisma makes an enum anew between BEGIN and COMMIT; the first statement says all of it.
    if (kind === 'TransactionStmt') inEnum = node.kind === 'TRANS_STMT_BEGIN'
    else if (!inEnum || kind === 'CreateEnumStmt') steps.push(...stepsOf(statement, inEnum))
  }
  return steps
}

function stepsOf({ kind, node, sql }: ParsedStatement, inEnum: boolean): SchemaStep[] {
  const relation = relationOf(node.relation)
  switch (kind) {
    case 'CreateStmt':
      return [{ kind: 'missing table', relation, sql }]
    case 'AlterTableStmt':
      return columnSteps(node, sql)
    case 'IndexStmt': {
      const columns = (node.indexParams ?? []).flatMap(({ IndexElem }: Node) => IndexElem.name ?? [])
      return [{ kind: 'missing index', relation, part: node.idxname, columns, sql }]
    }
    case 'CreateEnumStmt': {
      const name = relationOfParts(node.typeName)
      const wanted = (node.vals ?? []).map(({ String: { sval } }: Node) => sval).join(', ')
      if (!inEnum) return [{ kind: 'missing enum', relation: name, sql }]
      return [{ kind: 'values', relation: { ...name, name: name.name.replace(/_new$/, '') }, wanted, sql }]
    }
    case 'AlterEnumStmt':
      return [{ kind: 'missing value', relation: relationOfParts(node.typeName), part: node.newVal, sql }]
    case 'RenameStmt':
      return [{ kind: 'name', relation, part: node.subname, wanted: node.newname, sql }]
    case 'DropStmt':
      return droppedSteps(node, sql)
    default:
      return [{ kind: 'other', relation, sql }]
  }
}

const dropped: Readonly<Record<string, SchemaStep['kind'] | undefined>> = {
  OBJECT_TABLE: 'extra table',
  OBJECT_INDEX: 'extra index',
  OBJECT_TYPE: 'extra enum',
}

/** A sequence goes with the default that it belonged to, which is a step of its own. */
function droppedSteps(node: Node, sql: string): SchemaStep[] {
  if (node.removeType === 'OBJECT_SEQUENCE') return []
  return (node.objects ?? []).map((object: Node) => ({
    kind: dropped[node.removeType] ?? 'other',
    relation: relationOfParts(object.List?.items ?? object.TypeName?.names ?? [object]),
    sql,
  }))
}

function columnSteps(node: Node, sql: string): SchemaStep[] {
  const relation = relationOf(node.relation)
  const commands: Node[] = (node.cmds ?? []).map(({ AlterTableCmd }: Node) => AlterTableCmd)
  const texts = partsOf(sql)
  const added = commands
    .filter(({ subtype }) => subtype === 'AT_AddColumn')
    .map(({ def }) => def.ColumnDef.colname)
  const removed = commands.filter(({ subtype }) => subtype === 'AT_DropColumn').map(({ name }) => name)
  return commands.flatMap((command, i): SchemaStep[] => {
    const text = (texts[i] ?? '').replace(/\s+/g, ' ').trim()
    const base = { relation, sql: text }
    const after = (words: RegExp) => words.exec(text)?.[1] ?? ''
    switch (command.subtype) {
      case 'AT_AddColumn': {
        const part = command.def.ColumnDef.colname
        const wanted = after(/ADD COLUMN (?:"(?:[^"]|"")*"|\S+) (.*)$/s)
        // Where the type cannot be changed in place, the column is dropped and added.
        if (removed.includes(part)) return [{ ...base, kind: 'type', part, wanted }]
        return [{ ...base, kind: 'missing column', part, wanted }]
      }
      case 'AT_DropColumn':
        return added.includes(command.name) ? [] : [{ ...base, kind: 'extra column', part: command.name }]
      case 'AT_ColumnDefault': {
        const wanted = command.def ? { wanted: after(/SET DEFAULT (.*)$/s) } : {}
        return [{ ...base, kind: 'default', part: command.name, ...wanted }]
      }
      case 'AT_AlterColumnType':
        return [
          {
            ...base,
            kind: 'type',
            part: command.name,
            wanted: after(/(?:SET DATA )?TYPE (.*?)(?: USING .*)?$/s),
          },
        ]
      case 'AT_SetNotNull':
        return [{ ...base, kind: 'not null', part: command.name }]
      case 'AT_DropNotNull':
        return [{ ...base, kind: 'null', part: command.name }]
      case 'AT_AddConstraint': {
        const constraint = command.def.Constraint
        const columns = (constraint.keys ?? constraint.fk_attrs ?? []).map(
          ({ String: { sval } }: Node) => sval,
        )
        return [{ ...base, kind: 'missing constraint', part: constraint.conname, columns }]
      }
      case 'AT_DropConstraint':
        return [{ ...base, kind: 'extra constraint', part: command.name }]
      default:
        return [{ ...base, kind: 'other' }]
    }
  })
}

/** The parts of an ALTER TABLE, as they are written: what stands between commas outside of quotes and brackets. */
function partsOf(sql: string): string[] {
  const parts: string[] = []
  let [part, depth] = ['', 0]
  for (const token of sql.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[^'"]/g) ?? []) {
    if (token === '(' || token === '[') depth += 1
    if (token === ')' || token === ']') depth -= 1
    if (token === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += token
  }
  return [...parts, part]
}

/** `orders.total`, with the schema where it is not the target's own. */
export function objectOfStep({ relation, part, kind }: SchemaStep, targetSchema: string): string {
  const { schema, name } = relation
  const table = schema === undefined || schema === targetSchema ? name : formatRelation({ schema, name })
  if (part === undefined || kind === 'missing value') return table
  // As it is called where the database has it and the schema does not.
  return kind === 'missing index' ? part : `${table}.${part}`
}
