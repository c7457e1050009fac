import type { MigrationTransaction } from '../domain/migration.js'
import type { ParsedStatement } from './parser.js'
import { effectsOfStatement, leftByFailureOf } from './statement-effects.js'
import type { TransactionAround } from './transaction-rules.js'

/** How the statements of a file fall into transactions, and what is around each of them. */
export interface TransactionWalk {
  readonly transactions: readonly MigrationTransaction[]
  readonly around: readonly TransactionAround[]
}

/**
 * Walks through the statements as the server does when each is sent by itself: a transaction of its own, but between BEGIN
 * and its end.
 */
export function walkOneByOne(statements: readonly ParsedStatement[]): TransactionWalk {
  return new Walk('nothing').over(statements)
}

/**
 * The same when the file is sent as one query: its statements share a transaction, which a COMMIT or ROLLBACK ends and
 * the next statement begins anew. A BEGIN takes over the transaction as it is:
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
 */
export function walkOneQuery(statements: readonly ParsedStatement[]): TransactionWalk {
  return new Walk(statements.length > 1 ? 'query' : 'nothing').over(statements)
}

const savepointKinds = ['TRANS_STMT_SAVEPOINT', 'TRANS_STMT_RELEASE', 'TRANS_STMT_ROLLBACK_TO']

class Walk {
  #transactions: MigrationTransaction[] = []
  #around: TransactionAround[] = []
  /** Where the open transaction began; undefined outside one. */
  #first: ParsedStatement | undefined
  #inBlock = false
  #leaves: string[] = []
  /** For each savepoint, how many effects there were. */
  #savepoints: { name: string; effects: number }[] = []

  constructor(private readonly outside: 'query' | 'nothing') {}

  over(statements: readonly ParsedStatement[]): TransactionWalk {
    for (const statement of statements) this.#step(statement)
    const last = statements.at(-1)
    // A block that is never ended is rolled back with the session.
    if (last && this.#first) this.#close(last, { commits: !this.#inBlock })
    return { transactions: this.#transactions, around: this.#around }
  }

  #step(statement: ParsedStatement): void {
    this.#around.push(this.#inBlock ? 'block' : this.outside)
    if (statement.kind === 'TransactionStmt') this.#control(statement)
    else if (this.#inBlock || this.outside === 'query') {
      this.#first ??= statement
      this.#leaves.push(...effectsOfStatement(statement))
    } else {
      const left = leftByFailureOf(statement)
      this.#first = statement
      this.#leaves = effectsOfStatement(statement)
      this.#close(statement, { commits: true, ...(left ? { left } : {}) })
    }
  }

  #control(statement: ParsedStatement): void {
    const { kind, chain, savepoint_name: name, gid } = statement.node
    const isOutside = !this.#inBlock && this.outside === 'nothing'
    if (isOutside && (chain === true || savepointKinds.includes(kind))) {
      // The server refuses it; what is committed before it stays.
      this.#first = statement
      this.#close(statement, { commits: true })
      return
    }
    switch (kind) {
      case 'TRANS_STMT_BEGIN':
      case 'TRANS_STMT_START':
        this.#first ??= statement
        this.#inBlock = true
        break
      case 'TRANS_STMT_COMMIT':
      case 'TRANS_STMT_ROLLBACK':
        if (this.#first) this.#close(statement, { commits: kind === 'TRANS_STMT_COMMIT' })
        this.#inBlock = chain === true
        break
      case 'TRANS_STMT_PREPARE':
        this.#leaves = [`transaction '${gid}' prepared`]
        if (this.#first) this.#close(statement, { commits: true })
        break
      case 'TRANS_STMT_SAVEPOINT':
        this.#savepoints.push({ name, effects: this.#leaves.length })
        break
      case 'TRANS_STMT_ROLLBACK_TO': {
        const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
        this.#leaves.length = this.#savepoints[at]?.effects ?? this.#leaves.length
        this.#savepoints.length = at + 1
        break
      }
    }
  }

  #close(last: ParsedStatement, { commits, left }: { commits: boolean; left?: string }): void {
    const first = this.#first ?? last
    this.#transactions.push({
      first: first.index,
      last: last.index,
      line: first.line,
      leaves: commits ? this.#leaves : [],
      ...(left ? { leftByFailure: left } : {}),
    })
    this.#first = undefined
    this.#inBlock = false
    this.#leaves = []
    this.#savepoints = []
  }
}
