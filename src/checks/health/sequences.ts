import type { Finding } from '../../domain/finding.js'
import type { Reader } from '../../domain/reader.js'
import { quoteIdentifier, quoteRelation } from '../../sql/names.js'
import { type Check, type CheckContext, notAnswered } from '../check.js'
import { NotHarmless } from '../harmless/gate.js'
import { isUserTable, nameOf } from './concerned-tables.js'

/** Planning takes as long as the square of what is asked together: 24 ms were measured for 50, 3 s for 800. */
const askedTogether = 50

interface Sequence {
  readonly schema: string
  readonly name: string
  readonly increment: string
  readonly tableSchema: string
  readonly table: string
  readonly column: string
}

/**
 * Sequences whose next value is not beyond the values that their column holds, as after rows were loaded with their keys,
 * or by logical replication, which leaves sequences alone. Only where a btree index begins with the column: there the
 * end of the index is enough to look at, and without any a value that comes twice breaks nothing.
 */
export const sequences: Check = {
  code: 'sequence-behind',
  title: 'every sequence is ahead of the column that it fills, where an index begins with it',
  steps: ['check', 'verify'],
  find: async (reader, context) => {
    const findings: Finding[] = []
    const filled = await readSequences(reader)
    for (let first = 0; first < filled.length; first += askedTogether) {
      const some = filled.slice(first, first + askedTogether)
      findings.push(...(await findBehind(some, reader, context)))
    }
    return findings
  },
}

/** What may not be asked of one table is no reason not to ask of the others. */
async function findBehind(
  some: readonly Sequence[],
  reader: Reader,
  context: CheckContext,
): Promise<Finding[]> {
  try {
    const behind = await readBehind(some, reader)
    return behind.flatMap(({ number, next, last }) => {
      const sequence = some[number]
      return sequence ? [findingFor(sequence, { next, last }, context)] : []
    })
  } catch (error) {
    const [only, ...more] = some
    if (!(error instanceof NotHarmless) || !only) throw error
    if (more.length === 0)
      return [notAnswered(`sequence "${only.name}" is ahead of its column`, error, context.step, only.name)]
    return (await Promise.all(some.map((one) => findBehind([one], reader, context)))).flat()
  }
}

/** A sequence that cycles is meant to come back to values that were there. */
async function readSequences(reader: Reader): Promise<Sequence[]> {
  const { rows } = await reader.query(`
    SELECT sn.nspname AS schema, s.relname AS name, q.seqincrement::text AS increment,
           n.nspname AS "tableSchema", c.relname AS table, a.attname AS column
      FROM pg_catalog.pg_sequence q
      JOIN pg_catalog.pg_class s ON s.oid = q.seqrelid
      JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.oid AND d.objsubid = 0
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
      JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
     WHERE NOT q.seqcycle AND s.relpersistence <> 't' AND ${isUserTable}
       AND a.atttypid IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype, 'numeric'::pg_catalog.regtype)
       AND EXISTS (SELECT FROM pg_catalog.pg_index i
                     JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
                     JOIN pg_catalog.pg_am m ON m.oid = ic.relam
                    WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree')
     ORDER BY 1, 2`)
  return rows as unknown as Sequence[]
}

interface Behind {
  /** Which of the sequences. */
  readonly number: number
  readonly next: string
  readonly last: string
}

/** The view pg_sequences would take ROW EXCLUSIVE on each of them. */
async function readBehind(filled: readonly Sequence[], reader: Reader): Promise<Behind[]> {
  const { rows } = await reader.query(`
    SELECT number, next::text AS next, last::text AS last
      FROM (${filled.map(questionFor).join(' UNION ALL ')}) AS one
     WHERE CASE WHEN ascending THEN next <= last ELSE next >= last END ORDER BY number`)
  return rows as unknown as Behind[]
}

/** As numeric, because the value after the last of a bigint is none. */
function questionFor(sequence: Sequence, number: number): string {
  const { schema, name, increment } = sequence
  return `SELECT ${number} AS number, ${isAscending(sequence)} AS ascending,
       s.last_value::numeric + CASE WHEN s.is_called THEN ${increment} ELSE 0 END AS next,
       ${lastValueSql(sequence)}::numeric AS last
  FROM ${quoteRelation(schema, name)} AS s`
}

function lastValueSql(sequence: Sequence): string {
  const { tableSchema, table, column } = sequence
  const last = isAscending(sequence) ? 'max' : 'min'
  return `(SELECT pg_catalog.${last}(${quoteIdentifier(column)}) FROM ${quoteRelation(tableSchema, table)})`
}

function isAscending({ increment }: Sequence): boolean {
  return !increment.startsWith('-')
}

function findingFor(
  sequence: Sequence,
  { next, last }: { next: string; last: string },
  context: CheckContext,
): Finding {
  const { schema, name, tableSchema, column } = sequence
  const table = nameOf({ schema: tableSchema, name: sequence.table }, context)
  const literal = `'${quoteRelation(schema, name).replaceAll("'", "''")}'`
  return {
    code: sequences.code,
    kind: 'health',
    verdict: 'warn',
    step: context.step,
    object: `${table}.${column}`,
    message: `the next value of sequence "${name}" is ${next}, and "${table}" already has ${column} ${last}: new rows will get keys that are taken`,
    hint: 'Set the sequence to the last value of its column.',
    fixSql: `SELECT setval(${literal}, ${lastValueSql(sequence)});`,
  }
}
