import type { RelationName } from '../sql/names.js'
import { relationOf, relationOfParts } from '../sql/names.js'
import type { Node } from '../sql/parser.js'

/** Something that a restore computes over rows, or over the words of a statement. */
export interface Evaluated {
  /** In words, e.g. `a CHECK of public.orders`. */
  readonly what: string
  readonly trees: readonly Node[]
  /** Tables whose rows are read or written for it. */
  readonly relations: readonly RelationName[]
  /** Types whose values are read. */
  readonly types: readonly RelationName[]
}

/**
 * What the statements of a dump make the server compute once there are rows. Not what only later statements run: triggers,
 * rules, policies, defaults, constraints that are not validated.
 */
export function evaluatedByRestore(tree: Node): Evaluated[] {
  const [kind = '', node] = Object.entries(tree)[0] ?? []
  const literals = { what: 'a value in a definition', trees: [], relations: [], types: castTypesIn(node) }
  return [...(literals.types.length > 0 ? [literals] : []), ...(readers[kind]?.(node) ?? [])]
}

const readers: Readonly<Record<string, (node: Node) => Evaluated[]>> = {
  CreateStmt: ofTable,
  AlterTableStmt: ({ relation, cmds = [] }) =>
    cmds.flatMap(({ AlterTableCmd: { subtype, def } }: Node) =>
      subtype === 'AT_AddConstraint' ? ofConstraint(def.Constraint, relationOf(relation)) : [],
    ),
  IndexStmt: ({ relation, indexParams = [], whereClause }) => {
    const trees = [...indexParams.flatMap(({ IndexElem }: Node) => IndexElem.expr ?? []), whereClause].filter(
      Boolean,
    )
    return [over('an index of', relationOf(relation), trees)]
  },
  CreateStatsStmt: ({ relations = [], exprs = [] }) =>
    relations.map(({ RangeVar }: Node) => over('statistics of', relationOf(RangeVar), exprs)),
  CreateTableAsStmt: ({ objtype, into, query }) =>
    objtype === 'OBJECT_MATVIEW'
      ? [
          {
            what: `the materialized view ${named(relationOf(into.rel))}`,
            trees: [query],
            relations: [],
            types: [],
          },
        ]
      : [],
  CreateDomainStmt: ({ domainname, constraints = [] }) => [
    ofDomain(
      domainname,
      constraints.flatMap(({ Constraint }: Node) => Constraint.raw_expr ?? []),
    ),
  ],
  AlterDomainStmt: ({ typeName, def }) =>
    def?.Constraint?.raw_expr ? [ofDomain(typeName, [def.Constraint.raw_expr])] : [],
}

function ofTable({ relation, tableElts = [], partspec }: Node): Evaluated[] {
  const table = relationOf(relation)
  const keys: Node[] = (partspec?.partParams ?? []).flatMap(
    ({ PartitionElem }: Node) => PartitionElem.expr ?? [],
  )
  const types = tableElts.flatMap(({ ColumnDef }: Node) => (ColumnDef ? ownTypeOf(ColumnDef) : []))
  return [
    // Values are read, and compared for the partitions, by what their types bring along.
    { ...over('the rows of', table, []), types },
    ...(keys.length > 0 ? [over('the partition key of', table, keys)] : []),
    ...tableElts.flatMap(({ Constraint, ColumnDef }: Node) =>
      Constraint
        ? ofConstraint(Constraint, table)
        : (ColumnDef?.constraints ?? []).flatMap((one: Node) => ofConstraint(one.Constraint, table)),
    ),
  ]
}

function ofConstraint(constraint: Node, table: RelationName): Evaluated[] {
  const { contype, raw_expr: expression, skip_validation: isNotValid, pktable } = constraint
  if (isNotValid) return []
  if (contype === 'CONSTR_CHECK') return [over('a CHECK of', table, [expression])]
  if (contype === 'CONSTR_GENERATED') return [over('a generated column of', table, [expression])]
  if (contype === 'CONSTR_EXCLUSION') return [ofExclusion(constraint, table)]
  if (contype !== 'CONSTR_FOREIGN') return []
  return [{ ...over('a foreign key of', table, []), relations: [table, relationOf(pktable)] }]
}

function ofExclusion({ exclusions = [], where_clause: condition }: Node, table: RelationName): Evaluated {
  const parts: Node[] = exclusions.flatMap(({ List }: Node) => List.items)
  const expressions = parts.flatMap(({ IndexElem }) => IndexElem?.expr ?? [])
  const operators = parts.flatMap(({ List }): Node[] => (List ? [{ A_Expr: { name: List.items } }] : []))
  return over('an exclusion constraint of', table, [...expressions, ...operators, condition].filter(Boolean))
}

function ofDomain(name: readonly Node[], trees: readonly Node[]): Evaluated {
  const domain = relationOfParts(name)
  return { what: `a CHECK of the domain ${named(domain)}`, trees, relations: [], types: [domain] }
}

function over(what: string, table: RelationName, trees: readonly Node[]): Evaluated {
  return { what: `${what} ${named(table)}`, trees, relations: [table], types: [] }
}

function named({ schema, name }: RelationName): string {
  return schema === undefined ? name : `${schema}.${name}`
}

function ownTypeOf({ typeName }: Node): RelationName[] {
  const names: Node[] = typeName?.names ?? []
  return names.length > 1 && names[0]?.String.sval !== 'pg_catalog' ? [relationOfParts(names)] : []
}

/** Types of users to which something is cast, also where it is only defined: a literal is read with the statement. */
export function castTypesIn(tree: unknown): RelationName[] {
  if (typeof tree !== 'object' || tree === null) return []
  return Object.entries(tree).flatMap(([kind, node]) => {
    return [...(kind === 'TypeCast' ? ownTypeOf(node) : []), ...castTypesIn(node)]
  })
}

/**
 * Whether the server computes something when it runs this statement, before there are rows: a literal of a type of users,
 * by the CHECK of a domain in it; constants in what is generated, or in the key of partitions; a bound of a partition.
 */
export function computesWithoutRows(tree: Node, isEnum: (type: RelationName) => boolean): boolean {
  const { CreateStmt, DefineStmt } = tree
  if (castTypesIn(tree).some((type) => !isEnum(type))) return true
  if (DefineStmt?.kind === 'OBJECT_AGGREGATE')
    return DefineStmt.definition.some(({ DefElem }: Node) => DefElem.defname === 'initcond')
  if (!CreateStmt) return false
  const elements: Node[] = (CreateStmt.tableElts ?? []).flatMap(({ ColumnDef }: Node) => ColumnDef ?? [])
  const isGenerated = ({ constraints = [] }: Node) =>
    constraints.some(({ Constraint }: Node) => Constraint.contype === 'CONSTR_GENERATED')
  const keys: Node[] = (CreateStmt.partspec?.partParams ?? []).map(({ PartitionElem }: Node) => PartitionElem)
  return (
    elements.some(isGenerated) ||
    keys.some(
      ({ name, expr }) =>
        expr !== undefined ||
        elements.some((column) => column.colname === name && ownTypeOf(column).some((type) => !isEnum(type))),
    )
  )
}
