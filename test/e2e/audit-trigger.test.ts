import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { useOwnServer } from '../support/own-server.js'
import { makeShop, removeShops, type Shop } from '../support/shop.js'
import { queryOnce } from '../support/test-database.js'

// Somebody keeps a log by triggers of a role of their own, as many do. A superuser deploys.

afterAll(removeShops)
const server = useOwnServer({ fsync: 'off' })
beforeAll(() => queryOnce(server().url, "CREATE ROLE keeper LOGIN PASSWORD 'x'"))

const timeoutMs = 240_000

/** The log of another role, with the trigger on a table of the application. */
const log = (writes: string) => `GRANT ALL ON SCHEMA public TO keeper; GRANT TRIGGER ON customers TO keeper;
SET ROLE keeper;
CREATE TABLE audit_log (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), who text, op text, row jsonb);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  ${writes}
  RETURN COALESCE(NEW, OLD); END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION audit();
RESET ROLE;`

const usual = 'INSERT INTO audit_log (who, op, row) SELECT current_user, TG_OP, to_jsonb(COALESCE(NEW, OLD));'
const byText = `EXECUTE format('INSERT INTO %I (who, op) VALUES ($1, $2)', 'audit_log') USING current_user, TG_OP;`

/** A superuser alone may make this extension. */
const pending = (sql = '') => `ALTER TABLE "customers" ADD COLUMN "phone" TEXT;
UPDATE "customers" SET "phone" = "fax";
${sql}`

async function shopWith(writes: string, sql: string): Promise<Shop> {
  const shop = await makeShop({ pending: sql, rehearses: true })
  await shop.database.query(log(writes))
  return shop
}

const options = ['--rehearsal', 'local', '--accept', 'schema-difference=a log of others']

test(
  'a usual audit trigger: all of it is rehearsed, as the superuser who deploys',
  async () => {
    const shop = await shopWith(usual, pending('CREATE EXTENSION "pageinspect";'))
    const { stderr, exitCode } = await shop.run(['deploy', '--yes', ...options])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(await shop.database.query('SELECT count(*)::int AS n FROM audit_log')).toEqual([{ n: 3 }])
    const { rehearsal } = await shop.report()
    expect(rehearsal).toMatchObject({ outcome: 'passed', backupLevel: 'exact' })
    expect(JSON.stringify(rehearsal)).not.toContain('no superuser')
    expect(await shop.runFile('report.txt')).toContain(
      'all 0 audit_log are there, and 3 rows added by line 2',
    )
  },
  timeoutMs,
)

test(
  'a trigger that puts its text together: what needs no superuser is rehearsed, and the difference is told',
  async () => {
    const shop = await shopWith(byText, pending())
    const { stderr, exitCode } = await shop.run(['deploy', '--yes', ...options])
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(await shop.runFile('report.txt')).toContain(
      '"postgres" is no superuser here, because it would run on this machine what "keeper" may have written: function public.audit()',
    )
  },
  timeoutMs,
)

test(
  'a trigger that puts its text together: what needs a superuser cannot be rehearsed, and that is said',
  async () => {
    const shop = await shopWith(byText, pending('CREATE EXTENSION "pageinspect";'))
    const { stderr, exitCode } = await shop.run(['deploy', '--yes', ...options])
    expect(exitCode).toBe(5)
    expect(stderr).toContain(
      'line 3, fails on the copy: 42501: permission denied to create extension "pageinspect"\nhint: It may pass on the target, and cannot be rehearsed here: "postgres" is no superuser here, because',
    )
    expect(await shop.report()).toMatchObject({ databaseState: 'unchanged' })

    // What the hint proposes, after a look at it.
    await shop.database.query('ALTER FUNCTION audit() OWNER TO postgres')
    const rehearsed = await shop.run(['rehearse', ...options])
    expect(rehearsed).toMatchObject({ exitCode: 0 })
  },
  timeoutMs,
)
