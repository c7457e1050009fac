import type { Client } from '../postgres/connection.js'
import type { Step } from './step.js'

/** What of some steps ran, in the order in which the server took them. */
export interface Settled {
  readonly statements: readonly string[]
  /** The server's words for what it took in no order. */
  readonly problems: readonly string[]
}

/**
 * Runs steps in a transaction that is open. What the server refuses is tried again after the others: so it is the server that
 * says in which order things that depend on one another are dropped and made.
 */
export async function settle(client: Client, steps: readonly Step[]): Promise<Settled> {
  const statements: string[] = []
  let waiting = steps
  let problems: string[] = []
  while (waiting.length > 0) {
    const refused: Step[] = []
    problems = []
    for (const step of waiting) {
      const taken = await firstThatRuns(client, step)
      if ('statements' in taken) statements.push(...taken.statements)
      else {
        refused.push(step)
        problems.push(taken.problem)
      }
    }
    if (refused.length === waiting.length) break
    waiting = refused
  }
  return { statements, problems }
}

async function firstThatRuns(
  client: Client,
  { alternatives }: Step,
): Promise<{ statements: readonly string[] } | { problem: string }> {
  let problem = ''
  for (const statements of alternatives) {
    await client.query('SAVEPOINT guard_step')
    try {
      // What cannot run in a transaction is tried as what can.
      for (const sql of statements)
        await client.query(sql.replace(/^((?:CREATE|DROP) .*?INDEX) CONCURRENTLY /, '$1 '))
      await client.query('RELEASE guard_step')
      await endCommand(client, statements.at(-1) ?? '')
      return { statements }
    } catch (error) {
      if (!(error instanceof Error && 'severity' in error)) throw error
      problem ||= error.message
      await client.query('ROLLBACK TO guard_step; RELEASE guard_step')
    }
  }
  return { problem }
}

/**
 * ALTER DOMAIN … DROP CONSTRAINT leaves word of a change behind that no later command but one that writes passes on, and a
 * savepoint with changes of its own is refused until then ("cannot start a subtransaction when there are unprocessed inval
 * messages", seen with PostgreSQL 15.20).
 */
export async function endCommand(client: Client, sql: string): Promise<void> {
  if (/^ALTER\s+DOMAIN\s/i.test(sql))
    await client.query('CREATE TEMPORARY TABLE guard_command (); DROP TABLE guard_command')
}
