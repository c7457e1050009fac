import type { ColumnFacts, SchemaFacts } from '../postgres/schema-facts.js'
import { objectOfStep, type SchemaStep } from '../sql/schema-differences.js'
import type { SchemaDifference } from './schema-diff-findings.js'

/** A difference in words: what the database has, what the schema wants, and whether a migration could put it right. */
export function describeSchemaStep(
  step: SchemaStep,
  facts: SchemaFacts,
  targetSchema: string,
): SchemaDifference {
  const column = step.part === undefined ? undefined : facts.column(step.relation, step.part)
  const told = alwaysTold(step, facts, column)
  return {
    object: objectOfStep(step, targetSchema),
    words: wordsOf(step, facts, column),
    isMissing: isMissing(step, facts),
    ...(told === undefined ? {} : { alwaysTold: told }),
  }
}

/** What the client asks for: it fails as soon as somebody uses the model. */
function isMissing({ kind, relation, wanted = '' }: SchemaStep, facts: SchemaFacts): boolean {
  if (kind === 'values') {
    const values = facts.valuesOf(relation)
    return wanted.split(', ').some((value) => !values.includes(value))
  }
  return ['missing table', 'missing column', 'missing enum', 'missing value'].includes(kind)
}

function wordsOf(step: SchemaStep, facts: SchemaFacts, column: ColumnFacts | undefined): string {
  const { kind, relation, part, wanted, columns = [], sql } = step
  const on = columns.length > 0 ? ` on (${columns.join(', ')})` : ''
  switch (kind) {
    case 'missing table':
      return 'the schema wants the table, and the database does not have it'
    case 'missing column':
      return `the schema wants the column (${wanted}), and the database does not have it`
    case 'missing enum':
      return 'the schema wants the enum, and the database does not have it'
    case 'missing value':
      return `the schema wants the value "${part}", and the database does not have it`
    case 'missing index':
      return `the schema wants the index${on}, and the database does not have it`
    case 'missing constraint':
      return `the schema wants the constraint${on}, and the database does not have it`
    case 'extra table':
    case 'extra column':
    case 'extra enum':
    case 'extra index':
    case 'extra constraint':
      return `the database has the ${kind.slice('extra '.length)}, and the schema does not`
    case 'default':
      if (column?.isGenerated) return `the database computes it as ${column.default}, and the schema does not`
      return `the database has ${column?.default == null ? 'no default' : `the default ${column.default}`}, and the schema wants ${wanted === undefined ? 'none' : `the default ${wanted}`}`
    case 'type':
      return `the database has the type ${column?.type ?? 'that it has'}, and the schema wants ${wanted}`
    case 'values':
      return `the database has the values ${facts.valuesOf(relation).join(', ')}, and the schema wants ${wanted}`
    case 'not null':
      return 'the database allows NULL, and the schema does not'
    case 'null':
      return 'the database does not allow NULL, and the schema does'
    case 'name':
      return `the database calls it "${part ?? relation.name}", and the schema wants "${wanted}"`
    default:
      return `to make the database as the schema wants it: ${sql.replace(/\s+/g, ' ')}`
  }
}

/** Where Prisma has no words for what the database has, or writes the same thing in another way. */
function alwaysTold(
  { kind, relation, wanted = '' }: SchemaStep,
  facts: SchemaFacts,
  column: ColumnFacts | undefined,
): string | undefined {
  switch (kind) {
    case 'default': {
      if (column?.isGenerated) return 'Prisma has no word for a generated column'
      const isExpression = column?.default != null && !constant.test(column.default)
      if (isExpression && (wanted === '' || !constant.test(wanted)))
        return 'Prisma does not read the default of the database as the schema writes it'
      return undefined
    }
    case 'type':
      return column?.ownType != null && nameIn(wanted) === column.ownType
        ? 'Prisma does not know the type'
        : undefined
    case 'extra index':
    case 'name': {
      const reason = facts.beyondPrisma(relation)
      if (reason !== undefined) return `Prisma has no word for such an index: ${reason}`
      return ofImplicitRelation(relation, facts)
    }
    case 'extra constraint':
    case 'missing constraint':
    case 'missing index':
      return ofImplicitRelation(relation, facts)
    case 'extra table': {
      const extension = facts.extensionOf(relation)
      return extension === undefined ? undefined : `it belongs to the extension "${extension}"`
    }
    default:
      return undefined
  }
}

/**
 * The table between two models that Prisma makes by itself had a unique index, and has a primary key from Prisma 6 on:
 * https://www.prisma.io/docs/orm/more/upgrade-guides/upgrading-versions/upgrading-to-prisma-6
 */
function ofImplicitRelation(
  { schema, name }: SchemaStep['relation'],
  facts: SchemaFacts,
): string | undefined {
  const table = name.replace(/_AB_unique$|_B_index$|_AB_pkey$/, '')
  const columns = facts.columnsOf({ ...(schema ? { schema } : {}), name: table })
  const isRelation = table.startsWith('_') && (name !== table || columns.join() === 'A,B')
  return isRelation ? 'Prisma makes the table of a relation in another way from version 6 on' : undefined
}

const constant = /^(?:'(?:[^']|'')*'|[-+]?[\d.]+|true|false|null|ARRAY\[\])(?:::[\w\s."[\](),]+)?$/i

/** The bare name of a type as it is written. */
function nameIn(type: string): string {
  return (
    /(?:"((?:[^"]|"")*)"|([^".\s(]+))\s*(?:\(.*\))?(?:\[\])*$/.exec(type.trim())?.slice(1).find(Boolean) ?? ''
  )
}
