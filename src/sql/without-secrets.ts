import type { PendingMigration, Statement } from '../domain/migration.js'
import { withoutPasswords } from '../domain/secrets.js'

/**
 * Statements that take passwords, connection strings and keys: none of their literals is anybody's business. The names are
 * those of the parser.
 */
const aboutSecrets = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'AlterDatabaseSetStmt',
  'AlterSystemStmt',
  'CreateUserMappingStmt',
  'AlterUserMappingStmt',
  'CreateForeignServerStmt',
  'AlterForeignServerStmt',
  'CreateFdwStmt',
  'AlterFdwStmt',
  'CreateSubscriptionStmt',
  'AlterSubscriptionStmt',
])

/** Literals as the server reads them: '…', E'…', U&'…', $tag$…$tag$; names in double quotes and comments are none. */
const pieces =
  /"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|(?:\b[uUbBxX]&?)?'(?:[^']|'')*'|(?<!\w)(\$\w*\$)[\s\S]*?\1/g

/** The text of a statement as it may be kept and shown: without the passwords in it. */
export function sqlWithoutSecrets({ kind, sql }: Pick<Statement, 'kind' | 'sql'>): string {
  if (!aboutSecrets.has(kind)) return withoutPasswords(sql)
  return sql.replace(pieces, (piece) => (/^["]/.test(piece) ? piece : /^(--|\/\*)/.test(piece) ? ' ' : "'…'"))
}

/** The same of a plan with all its statements; nothing that runs is made from it. */
export function planWithoutSecrets<T extends { readonly pending: readonly PendingMigration[] }>(plan: T): T {
  return { ...plan, pending: plan.pending.map(migrationWithoutSecrets) }
}

function migrationWithoutSecrets(migration: PendingMigration): PendingMigration {
  return {
    ...migration,
    statements: migration.statements.map((statement) => ({
      ...statement,
      sql: sqlWithoutSecrets(statement),
      ...(statement.refusedCommands
        ? {
            refusedCommands: statement.refusedCommands.map((command) => ({
              ...command,
              sql: withoutPasswords(command.sql),
            })),
          }
        : {}),
    })),
  }
}
