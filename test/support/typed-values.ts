import type { TestDatabase } from './test-database.js'

/** A type and values of it, each stored differently from the others, however equal the server's operators may find them. */
export interface TypedValues {
  readonly type: string
  /** What goes between the quotes of a literal. */
  readonly values: readonly string[]
  /** An extension, or what not every server was built with. */
  readonly needs?: 'citext' | 'hstore' | 'ltree' | 'icu' | 'xml'
}

/** Types of our own, made by `makeTypes`. */
const ownTypes = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'A');
  CREATE TYPE pair AS (word text, number numeric);
  CREATE TYPE nested AS (inner_pair pair, moods mood[]);
  CREATE DOMAIN percent AS numeric CHECK (VALUE >= -100);
  CREATE DOMAIN word AS text;
  CREATE DOMAIN long_word AS word;
  CREATE DOMAIN moment AS timestamptz;
  CREATE TYPE floatrange AS RANGE (subtype = float8);
  CREATE TABLE named_one (); CREATE TABLE named_two ();`

const all: readonly TypedValues[] = [
  { type: 'smallint', values: ['0', '1', '-1', '256'] },
  { type: 'integer', values: ['0', '1', '-1', '65536'] },
  { type: 'bigint', values: ['0', '1', '4294967296', '-1', '4294967295', '9007199254740993'] },
  { type: 'oid', values: ['0', '1', '4294967295'] },
  { type: 'boolean', values: ['false', 'true'] },
  { type: 'real', values: ['0', '-0', 'NaN', 'Infinity', '-Infinity', '0.1', '0.10000001'] },
  {
    type: 'double precision',
    values: ['0', '-0', 'NaN', 'Infinity', '-Infinity', '0.1', '0.10000000000000002', '5e-324'],
  },
  {
    type: 'numeric',
    values: ['0', '0.0', '1.5', '1.50', '-1.5', '1', '10000', 'NaN', 'Infinity', '-Infinity'],
  },
  { type: 'numeric(10,2)', values: ['1.5', '-1.5', '10000', '1', 'NaN'] },
  { type: 'money', values: ['0', '1.5', '-1.5'] },
  { type: 'text', values: ['', ' ', 'a', 'A', 'ä', 'a\u0308', '0', 'NULL'] },
  { type: 'varchar(20)', values: ['', ' ', 'a', 'a ', 'A'] },
  { type: 'char(5)', values: ['', 'a', 'A'] },
  { type: 'bpchar', values: ['', ' ', 'a', 'a '] },
  { type: 'name', values: ['', 'a', 'A'] },
  { type: '"char"', values: ['', 'a', 'A'] },
  { type: 'bytea', values: ['', '\\x00', '\\x0000', '\\xff'] },
  { type: 'uuid', values: ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001'] },
  {
    type: 'date',
    values: ['2000-01-01', '1999-12-31', 'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31'],
  },
  { type: 'time', values: ['00:00', '24:00', '23:59:59.999999', '01:11:34.967296'] },
  { type: 'timetz', values: ['00:00+00', '01:00+01', '00:00-01'] },
  {
    type: 'timestamp',
    values: [
      '2000-01-01',
      '2000-01-01 00:00:00.000001',
      '2000-01-01 01:11:34.967296',
      '1999-12-31 22:48:25.032704',
      '1999-12-31 23:59:59.999999',
      'infinity',
      '-infinity',
      '4714-11-24 BC',
      '4714-11-24 01:11:34.967296 BC',
      '294276-12-31 23:59:59.999999',
    ],
  },
  {
    type: 'timestamptz',
    values: [
      '2000-01-01+00',
      '2000-01-01+01',
      '2000-01-01 00:00:00.000001+00',
      '2000-01-01 01:11:34.967296+00',
      '1999-12-31 22:48:25.032704+00',
      '1999-12-31 23:59:59.999999+00',
      'infinity',
      '-infinity',
      '4714-11-24+00 BC',
      '294276-12-31 23:59:59.999999+00',
    ],
  },
  { type: 'timestamptz(3)', values: ['2026-11-20 12:00:00.123+00', '2026-11-20 12:00:00.124+00'] },
  { type: 'interval', values: ['0', '1 mon', '30 days', '720 hours', '1 day', '24 hours', '-1 day'] },
  { type: 'bit(3)', values: ['000', '001'] },
  { type: 'varbit', values: ['', '0', '00', '1'] },
  {
    type: 'json',
    values: ['{"a":1}', '{"a": 1}', '1', '1.0', 'null', '9007199254740993', '9007199254740992'],
  },
  {
    type: 'jsonb',
    values: ['{"a":1}', '{"a":-1}', '1', '1.0', 'null', '9007199254740993', '9007199254740992', '{}'],
  },
  { type: 'jsonpath', values: ['$', '$.a'] },
  { type: 'xml', values: ['', '<a/>', '<a></a>'], needs: 'xml' },
  { type: 'inet', values: ['10.0.0.1', '10.0.0.1/8', '::1'] },
  { type: 'cidr', values: ['10.0.0.0/8', '10.0.0.0/9'] },
  { type: 'macaddr', values: ['08:00:2b:01:02:03', '08:00:2b:01:02:04'] },
  { type: 'macaddr8', values: ['08:00:2b:01:02:03:04:05', '08:00:2b:01:02:03:04:06'] },
  { type: 'tsvector', values: ['', 'a', 'a:1', 'a:1A'] },
  { type: 'tsquery', values: ['', 'a', 'a & b', 'a | b'] },
  { type: 'point', values: ['(0,0)', '(-0,0)', '(0,1)', '(1,0)'] },
  { type: 'line', values: ['{1,2,3}', '{1,2,4}'] },
  { type: 'lseg', values: ['[(0,0),(1,1)]', '[(1,1),(0,0)]'] },
  { type: 'box', values: ['((1,1),(0,0))', '((1,2),(0,0))'] },
  { type: 'path', values: ['((0,0),(1,1))', '[(0,0),(1,1)]'] },
  { type: 'polygon', values: ['((0,0),(1,1))', '((1,1),(0,0))'] },
  { type: 'circle', values: ['<(0,0),1>', '<(0,0),-0>', '<(0,0),0>'] },
  { type: 'pg_lsn', values: ['0/0', '1/0', '0/1'] },
  { type: 'xid8', values: ['0', '4294967296'] },
  { type: 'regclass', values: ['named_one', 'named_two'] },
  { type: 'regtype', values: ['integer', 'mood'] },
  { type: 'int4range', values: ['empty', '[1,2)', '[1,)', '(,)'] },
  { type: 'numrange', values: ['[1,2)', '[1.0,2)', '(1,2)', '[1,2]'] },
  { type: 'tstzrange', values: ['[2000-01-01+00,)', '[2000-01-01+01,)', '[2000-01-01+00,infinity)'] },
  { type: 'int4multirange', values: ['{}', '{[1,2)}', '{[1,2),[5,6)}'] },
  { type: 'floatrange', values: ['[0,1]', '[-0,1]'] },
  { type: 'integer[]', values: ['{}', '{NULL}', '{1,2}', '{2,1}', '{{1,2}}', '[0:1]={1,2}'] },
  { type: 'text[]', values: ['{}', '{NULL}', '{"NULL"}', '{""}', '{"a,b"}', '{a,b}'] },
  { type: 'numeric[]', values: ['{1.5}', '{1.50}', '{-1.5}'] },
  { type: 'double precision[]', values: ['{0.30000000000000004}', '{0.3}', '{0}', '{-0}', '{NaN}'] },
  { type: 'money[]', values: ['{1.5}', '{-1.5}'] },
  { type: 'timestamptz[]', values: ['{2000-01-01+00}', '{2000-01-01+01}'] },
  { type: 'interval[]', values: ['{1 mon}', '{30 days}'] },
  { type: 'bytea[]', values: ['{"\\\\x00"}', '{"\\\\x0000"}', '{NULL}'] },
  { type: 'jsonb[]', values: ['{1}', '{1.0}', '{-1}'] },
  { type: 'mood', values: ['sad', 'ok', 'happy'] },
  { type: 'mood[]', values: ['{sad}', '{ok}', '{sad,ok}'] },
  { type: 'pair', values: ['(,)', '("",)', '(a,1.5)', '(a,1.50)', '(A,1.5)'] },
  { type: 'pair[]', values: ['{}', '{"(,)"}', '{"(a,1)"}', '{"(a,1.0)"}'] },
  { type: 'nested', values: ['(,)', '("(,)",{})', '("(a,1)",{sad})', '("(a,1.0)",{sad})'] },
  { type: 'percent', values: ['1.5', '1.50', '-1.5'] },
  { type: 'percent[]', values: ['{1.5}', '{1.50}'] },
  { type: 'word', values: ['', 'a', 'A'] },
  { type: 'long_word', values: ['', 'a', 'A'] },
  { type: 'moment', values: ['2000-01-01+00', '2000-01-01+01', 'infinity'] },
  { type: 'citext', values: ['a', 'A', ''], needs: 'citext' },
  { type: 'citext[]', values: ['{a}', '{A}'], needs: 'citext' },
  { type: 'hstore', values: ['', 'a=>1', 'a=>NULL', 'a=>"NULL"'], needs: 'hstore' },
  { type: 'ltree', values: ['', 'a', 'a.b'], needs: 'ltree' },
  { type: 'text COLLATE caseless', values: ['a', 'A', ''], needs: 'icu' },
  { type: 'varchar(9)[] COLLATE caseless', values: ['{a}', '{A}'], needs: 'icu' },
]

/** Makes the types and gives those that this server can have. */
export async function makeTypes(database: TestDatabase): Promise<readonly TypedValues[]> {
  const [{ has }] = await database.query(`
    SELECT array(SELECT name::text FROM pg_available_extensions)
           || CASE WHEN EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') THEN '{icu}'::text[] END AS has`)
  const hasXml = await database.query("SELECT '<a/>'::xml").then(
    () => true,
    () => false,
  )
  const available = new Set<string>([...has, ...(hasXml ? ['xml'] : [])])
  const extensions = ['citext', 'hstore', 'ltree'].filter((name) => available.has(name))
  await database.query(`
    ${extensions.map((name) => `CREATE EXTENSION ${name};`).join('\n')}
    ${available.has('icu') ? "CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);" : ''}
    ${ownTypes}`)
  return all.filter(({ needs }) => needs === undefined || available.has(needs))
}

/** A value as a literal of its type, for SQL. */
export function literalOf({ type }: TypedValues, value: string): string {
  return `CAST('${value.replaceAll("'", "''")}' AS ${type.replace(/ COLLATE.*/, '')})`
}
