import { afterAll, expect, test } from '@jest/globals'
import { longTest } from '../support/long.js'
import { calledShadows, castShadows, fewShadows, manyShadows, type Shadows } from '../support/shadows.js'
import { makeShop, pendingName, removeShops, type Shop } from '../support/shop.js'

// An operator or a function that somebody else has made in a schema of the path runs with the rights of whoever asks. It fits
// better than one of the server's that needs a cast, although the server's own are looked at first.

const migration = `prisma/migrations/${pendingName}/migration.sql`

/** What it takes to come by most of what the forecast asks; the statements themselves need no operator that casts. */
const tables = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE parents (code varchar(10) PRIMARY KEY, label name, mood mood, n int2 NOT NULL DEFAULT 1, flag "char");
  CREATE TABLE children (id serial PRIMARY KEY, parent varchar(10) REFERENCES parents ON UPDATE CASCADE ON DELETE CASCADE, at oid);
  CREATE TABLE parts (place varchar(10), amount numeric) PARTITION BY LIST (place);
  CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
  INSERT INTO parents VALUES ('a', 'a', 'ok', 1, 'x'), ('b', 'b', 'sad', 2, 'y');
  INSERT INTO children (parent, at) VALUES ('a', 1), ('b', 2);
  INSERT INTO parts VALUES ('a', 1.25);`
const changes = `
  INSERT INTO parents (code, n) VALUES ('c', 3), ('a', 4) ON CONFLICT (code) DO UPDATE SET n = excluded.n;
  INSERT INTO children (parent, at) VALUES ('c', 3);
  UPDATE parents SET code = CASE WHEN n IS NULL THEN NULL ELSE code END, mood = 'ok';
  INSERT INTO parts VALUES ('a', 2);
  ALTER TYPE mood RENAME VALUE 'sad' TO 'low';
  ALTER TABLE parts ALTER COLUMN amount TYPE numeric(10, 1);
  ALTER TABLE parents ALTER COLUMN code TYPE varchar(5);
  CREATE UNIQUE INDEX ON children (parent, at);
  ALTER TABLE children ADD COLUMN other varchar(10);
  ALTER TABLE children ADD FOREIGN KEY (other) REFERENCES parents;
  ALTER TABLE children ALTER COLUMN parent SET NOT NULL;
  ALTER TABLE parents DROP COLUMN label;`

async function haunted(shadows: Shadows): Promise<Shop> {
  const shop = await makeShop({ rehearses: true })
  await shop.database.query(tables)
  await shop.write(migration, changes)
  await castShadows(shop.database, 'public', shadows)
  return shop
}

afterAll(removeShops)

test('what others have made in the schema is not called by a check or a deploy', async () => {
  const shop = await haunted(fewShadows)
  const check = await shop.run(['check', '--json'])
  expect(await calledShadows(shop.database)).toEqual([])
  const { findings } = JSON.parse(check.stdout)
  expect(findings.map(({ code }: { code: string }) => code)).not.toContain('check-not-answered')
  const accepted = ['schema-difference', 'narrowing', 'drop-column', 'update-without-where'].flatMap(
    (code) => ['--accept', `${code}=not what is tested`],
  )
  const { exitCode, stdout } = await shop.run([
    ...['deploy', '--yes', '--rehearsal', 'same-server', ...accepted],
  ])
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('verify    passed')])
  expect(await calledShadows(shop.database)).toEqual([])
})

longTest(
  'nor by any other command, whatever the types',
  async () => {
    const shop = await haunted(manyShadows)
    for (const command of [
      'doctor',
      'plan',
      'check',
      'rehearse --rehearsal same-server',
      'status',
      'verify',
      'lock',
    ]) {
      await shop.run(command.split(' '))
      expect([command, await calledShadows(shop.database)]).toEqual([command, []])
    }
  },
  600_000,
)
