import { quoteIdentifier } from '../../sql/names.js'
import type { Node } from '../../sql/parser.js'
import { liveTypeText } from '../casts.js'
import type { Column, ColumnType, Relation } from '../model.js'
import { named, shown } from '../named.js'
import { Rewriter } from '../rewrite.js'
import { sampleOf, type Walk } from '../walk.js'

/** A value that a type refuses, as a condition over its text or number, and what the server raises for it. */
interface Refusal {
  readonly sqlstate: string
  readonly violation: (value: string) => string
  /** What is true of a value that fits. */
  readonly fits: string
}

/**
 * Asks how many values do not fit a column's new type, where that can be asked without casting them: a cast raises at
 * the first one and counts none.
 *
 * @param tree what is cast: the column, or what stands after USING
 * @param source the rows as they are before
 */
export function needFits(
  walk: Walk,
  relation: Relation,
  column: Column,
  type: ColumnType,
  tree: Node,
  source: string,
): void {
  const refusal = type.isArray ? undefined : refusalOf(walk.catalog.serverVersion, type)
  if (!refusal) return
  const { sql, opaque } = new Rewriter(walk.content).expression(withoutCastTo(type, tree), [relation])
  walk.need({
    code: 'invalid-value',
    sqlstate: refusal.sqlstate,
    ...named(relation, [column]),
    title: `every value of ${shown(relation, column.name)} ${refusal.fits}`,
    question: {
      kind: 'rows',
      from: `${source} AS ${quoteIdentifier(relation.name)}`,
      violation: refusal.violation(sql),
      sample: sampleOf(relation, [column]),
    },
    opaque,
  })
}

function refusalOf(serverVersion: number, type: ColumnType): Refusal | undefined {
  const { object, modifiers } = type
  if (object.kind === 'enum') {
    const labels = object.labels.map((label) => `'${label.replaceAll("'", "''")}'`)
    return {
      sqlstate: '22P02',
      violation: (value) =>
        `CAST(${value} AS pg_catalog.text) OPERATOR(pg_catalog.<>) ALL (ARRAY[${labels.join(', ')}]::pg_catalog.text[])`,
      fits: `is a label of "${object.name}"`,
    }
  }
  if (object.schema !== 'pg_catalog') return undefined
  const [length, scale] = (/^\((\d+)(?:,\s*(-?\d+))?\)$/.exec(modifiers) ?? []).slice(1).map(Number)
  if ((object.name === 'varchar' || object.name === 'bpchar') && length !== undefined) {
    return {
      sqlstate: '22001',
      // Spaces beyond the length are cut silently.
      violation: (value) =>
        `pg_catalog.length(pg_catalog.rtrim(CAST(${value} AS pg_catalog.text), ' ')) OPERATOR(pg_catalog.>) ${length}`,
      fits: `has at most ${length} characters`,
    }
  }
  if (object.name === 'numeric' && length !== undefined) {
    return {
      sqlstate: '22003',
      violation: (value) =>
        `pg_catalog.abs(pg_catalog.round(CAST(${value} AS pg_catalog.numeric), ${scale || 0})) OPERATOR(pg_catalog.>=) pg_catalog.power(10::pg_catalog.numeric, ${length - (scale || 0)})`,
      fits: `has at most ${length - (scale || 0)} digits before the point`,
    }
  }
  const hasNoOther =
    object.kind === 'base' &&
    modifiers === '' &&
    !/^(text|varchar|bpchar|name|json|jsonb|xml)$/.test(object.name)
  if (serverVersion >= 160_000 && hasNoOther) {
    const name = liveTypeText(type).replaceAll("'", "''")
    return {
      sqlstate: '22P02',
      violation: (value) => `NOT pg_catalog.pg_input_is_valid(CAST(${value} AS pg_catalog.text), '${name}')`,
      fits: `is a valid ${object.name}`,
    }
  }
  return undefined
}

/** `("role"::text::"Role_new")`: the cast to the new type is what may raise. A cast to a length cuts instead. */
function withoutCastTo({ object }: ColumnType, tree: Node): Node {
  const name = tree.TypeCast?.typeName?.names?.at(-1)?.String?.sval
  return name === object.name && !/^(varchar|bpchar|numeric)$/.test(name) ? tree.TypeCast.arg : tree
}
