import { expect, test } from '@jest/globals'
import { readWriters, writerOf } from '../../src/postgres/writers.js'
import { unexplainedFindings } from '../../src/steps/rehearsal/data-proof.js'
import { createTestDatabase } from '../support/test-database.js'

const sql = `
  CREATE EXTENSION citext; CREATE TABLE settings (id int); ALTER EXTENSION citext ADD TABLE settings;
  CREATE TABLE changes (tag text); CREATE TABLE orders (id int); CREATE TABLE sleeping (id int);
  CREATE FUNCTION note(what text) RETURNS void LANGUAGE sql AS $$ INSERT INTO changes VALUES (what) $$;
  CREATE FUNCTION on_change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM Note(tg_tag); END $$;
  CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION on_change();
  CREATE FUNCTION on_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM sleeping; END $$;
  CREATE EVENT TRIGGER asleep ON sql_drop EXECUTE FUNCTION on_drop(); ALTER EVENT TRIGGER asleep DISABLE`

test('who writes a table on his own is known by name, and his work does not block', async () => {
  const database = await createTestDatabase({ sql })
  const writers = await readWriters(await database.client())
  const writer = (table: string) => writerOf(writers, 'public', table)
  expect(['settings', 'changes', 'orders', 'sleeping'].map(writer)).toEqual([
    'the extension "citext", which the table belongs to',
    'the event trigger "audit", whose function names the table',
    undefined,
    undefined,
  ])

  const proof = (table: string, rowsAfter?: number) =>
    ({
      schema: 'public',
      table,
      rowsBefore: 1,
      ...(rowsAfter === undefined ? {} : { rowsAfter }),
      rows: 'unexplained',
      by: [],
      columns: [],
    }) as const
  const findings = unexplainedFindings(
    [proof('changes', 3), proof('orders', 3), proof('changes')],
    (_, table) => writer(table),
  )
  expect(findings.map(({ verdict, object }) => `${verdict} ${object}`)).toEqual([
    'warn changes',
    'block orders',
    'block changes',
  ])
  expect(findings[0]?.message).toContain('it is written by the event trigger "audit"')
})
