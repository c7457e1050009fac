import { codeIn, constantsIn } from './constants.js'
import type { Node, ParsedStatement } from './parser.js'

/**
 * A value added to an enum cannot be used in the transaction that adds it (SQLSTATE 55P04), before Postgres 17 not even
 * when the enum is made there too: https://www.postgresql.org/docs/current/sql-altertype.html#id-1.9.3.42.7
 * @returns one sentence about the first use; undefined when there is none
 */
export function firstUseOfAddedEnumValue(statements: readonly ParsedStatement[]): string | undefined {
  const added: AddedValue[] = []
  for (const { kind, node, line } of statements) {
    const use = added.length > 0 ? useOf(added, node) : undefined
    if (use) return `line ${line} uses the enum value '${use.value}' that line ${use.line} adds`
    if (kind === 'AlterEnumStmt' && node.newVal) {
      const isNew = !node.oldVal || added.some(({ value }) => value === node.oldVal)
      if (isNew) added.push({ value: node.newVal, line })
    }
  }
  return undefined
}

interface AddedValue {
  readonly value: string
  readonly line: number
}

function useOf(added: readonly AddedValue[], node: Node): AddedValue | undefined {
  const constants = constantsIn(node)
  const code = codeIn(node)
  return added.find(
    ({ value }) => constants.some((text) => holds(text, value)) || code.some((text) => names(text, value)),
  )
}

/** The value itself, or an array that has it: `{open,paid}`. */
function holds(text: string, value: string): boolean {
  return text === value || (text.startsWith('{') && text.includes(value))
}

/** A body of code is text within text: any quotes around the value will do. */
function names(code: string, value: string): boolean {
  const text = value.replaceAll("'", "''")
  return code.includes(`'${text}'`) || code.includes(`$${value}$`)
}
