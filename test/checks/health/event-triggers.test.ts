import { expect, test } from '@jest/globals'
import { eventTriggers } from '../../../src/checks/health/event-triggers.js'
import { ask } from '../../support/ask.js'
import { createTestDatabase } from '../../support/test-database.js'

test('event triggers that are on are named, and they can refuse what the deploy does', async () => {
  const database = await createTestDatabase({
    sql: `CREATE FUNCTION freeze_schema() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not before Monday'; END $$;
      CREATE EVENT TRIGGER off ON ddl_command_start EXECUTE FUNCTION freeze_schema(); ALTER EVENT TRIGGER off DISABLE`,
  })
  expect(await ask(eventTriggers, database)).toEqual({
    results: [
      {
        id: 'event-trigger',
        title: 'no event trigger acts on the statements of the deploy',
        outcome: 'passed',
      },
    ],
    findings: [],
  })
  await database.query('CREATE TABLE t (a int)')
  await database.query(
    'CREATE EVENT TRIGGER "Freeze" ON ddl_command_end EXECUTE FUNCTION freeze_schema(); CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION freeze_schema()',
  )
  const { results, findings } = await ask(eventTriggers, database)
  expect(results).toMatchObject([{ outcome: 'warned' }])
  expect(findings).toEqual([
    {
      code: 'event-trigger',
      kind: 'health',
      verdict: 'warn',
      step: 'check',
      message:
        '2 event triggers act on the statements of the deploy: "Freeze" at ddl_command_end calls public.freeze_schema(), "drops" at sql_drop calls public.freeze_schema()',
      hint: 'Read what they do: they can refuse a statement or change more than it says.',
    },
  ])
  await expect(database.query('CREATE TABLE u (a int)')).rejects.toThrow('not before Monday')
})
