import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { execa } from 'execa'
import fc from 'fast-check'
import { RowCounter } from '../../src/postgres/row-counter.js'
import { cpuMsOf } from '../support/cpu-time.js'
import { isLong } from '../support/long.js'
import { createTestDatabase } from '../support/test-database.js'

function count(script: string, chunkSize = 1_000): Record<string, number> {
  const counter = new RowCounter()
  const bytes = Buffer.from(script)
  for (let from = 0; from < bytes.length; from += chunkSize)
    counter.add(bytes.subarray(from, from + chunkSize))
  return Object.fromEntries(counter.counts)
}

const script = `--
-- Data for Name: a; Type: TABLE DATA; Schema: public; Owner: me
--

COPY public.a (id, "odd (name") FROM stdin;
1\t\\\\.
\\\\.\t2
\\.x
\\

\\.

COPY public."B ""b"" FROM stdin;" (id) FROM stdin;
\\.
COPY "x.y".z (id) FROM stdin;
COPY public.a (id) FROM stdin;
\\.
COPY public.wide  FROM stdin;


\\.
SELECT pg_catalog.lo_open('1', 131072);
COPY public."new
line" (id) FROM stdin;
1
\\.
`
const expected = {
  'public.a': 5,
  'public."B ""b"" FROM stdin;"': 0,
  '"x.y".z': 1,
  'public.wide': 2,
  'public."new\nline"': 1,
}

test.each([1, 2, 3, 7, 64, 10_000])('counts in chunks of %i bytes', (size) => {
  expect(count(script, size)).toEqual(expected)
})

test('adds up what a table gets in several parts', () => {
  expect(count(`${script}${script}`)['public.a']).toBe(10)
})

test('a row that comes in many chunks costs time by its length, not by its square', () => {
  const counter = new RowCounter()
  counter.add(Buffer.from('COPY public.a (id) FROM stdin;\n'))
  const chunk = Buffer.alloc(65_536, 'x')
  const cpuMs = cpuMsOf(() => {
    for (let i = 0; i < 8_000; i += 1) counter.add(chunk)
    counter.add(Buffer.from('\n\\.\n'))
  })
  expect(counter.counts).toEqual(new Map([['public.a', 1]]))
  expect(cpuMs).toBeLessThan(5_000)
})

const text = fc.string({
  unit: fc.constantFrom(
    '\\',
    '\n',
    '.',
    '\t',
    '\r',
    "'",
    'a',
    'ü',
    '漢',
    '😀',
    '\\.',
    '\n\\.\n',
    'COPY x.y (z) FROM stdin;\n',
  ),
  maxLength: 12,
})

test('counts what the database holds, whatever text it is, and wherever the chunks end', async () => {
  const database = await createTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'guard-test-rows-'))
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.tuple(text, text), { maxLength: 20 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 300 }),
      async (tables, chunkSize) => {
        run += 1
        const client = await database.client()
        const wanted: Record<string, number> = {}
        await client.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
        for (const [i, rows] of tables.entries()) {
          await client.query(`CREATE TABLE t${i} (a text, b text)`)
          for (const row of rows) await client.query(`INSERT INTO t${i} VALUES ($1, $2)`, row)
          const found = await client.query(`SELECT count(*)::int AS n FROM t${i}`)
          wanted[`public.t${i}`] = found.rows[0].n
        }
        await client.end()
        const dump = join(folder, String(run))
        await execa('pg_dump', ['--format=directory', `--file=${dump}`, `--dbname=${database.url}`])
        const { stdout } = await execa('pg_restore', ['--section=data', '--file=-', dump], {
          stripFinalNewline: false,
        })
        expect(count(stdout, chunkSize)).toEqual(wanted)
      },
    ),
    { numRuns: isLong ? 300 : 25, seed: 20261120 },
  )
  await rm(folder, { recursive: true })
})
