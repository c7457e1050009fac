import type { ParsedStatement } from './parser.js'

/** The roles that statements name and do not create, such as in `GRANT … TO` and `OWNER TO`. */
export function namedRoles(statements: readonly ParsedStatement[]): string[] {
  const named = new Set<string>()
  const made = new Set<string>()
  for (const { kind, node } of statements) {
    if (kind === 'CreateRoleStmt') made.add(node.role)
    visit(node, (name) => named.add(name))
  }
  return [...named].filter((name) => !made.has(name) && !name.startsWith('pg_') && name !== 'postgres')
}

/** `rolename` is the field of a RoleSpec, whichever field holds that. */
function visit(tree: unknown, found: (name: string) => void): void {
  if (typeof tree !== 'object' || tree === null) return
  for (const [key, value] of Object.entries(tree)) {
    if (key === 'rolename' && typeof value === 'string') found(value)
    else visit(value, found)
  }
}
