import { expect, test } from '@jest/globals'
import { entriesForSuperuser } from '../../../src/postgres/restore-by-whom.js'
import { readScript } from '../../../src/postgres/restore-script.js'
import { loadParser } from '../../../src/sql/parser.js'

const script = String.raw`--
\restrict aB3
SET client_encoding = 'UTF8';

--
-- TOC entry 6 (class 2615 OID 16385)
-- Name: app; Type: SCHEMA; Schema: -; Owner: app
--

CREATE SCHEMA app;


ALTER SCHEMA app OWNER TO app;

SET default_tablespace = '';

--
-- TOC entry 215 (class 1255 OID 16386)
-- Dependencies: 6 14
-- Name: liar(); Type: FUNCTION; Schema: app; Owner: app
--

CREATE FUNCTION app.liar() RETURNS integer
    LANGUAGE plpgsql
    AS $$
-- TOC entry 7 (class 1255 OID 16387)
-- Dependencies: 99
CREATE FUNCTION app.c() RETURNS integer LANGUAGE c AS 'x', 'y';
ALTER FUNCTION app.c() OWNER TO postgres;
$$;


ALTER FUNCTION app.liar() OWNER TO "odd ""owner";

--
-- TOC entry 216 (class 1255 OID 16388)
-- Name: quick(); Type: FUNCTION; Schema: app; Owner: postgres
--

CREATE FUNCTION app.quick() RETURNS integer
    LANGUAGE internal
    AS 'quick';


--
-- TOC entry 217 (class 1255 OID 16389)
-- Name: with_default(); Type: FUNCTION; Schema: app; Owner: postgres
--

CREATE FUNCTION app.with_default(a app.d[] DEFAULT '{1}'::app.d[]) RETURNS integer
    LANGUAGE internal
    AS 'quick';

\unrestrict aB3
`

test('tells the entries of a dump and their owners, whatever stands in a function', async () => {
  await loadParser()
  const entries = readScript(script)
  const owners = [...entries.values()].map(({ id, dependencies, owner }) => [id, dependencies, owner?.role])
  expect(owners).toEqual([
    ['6', [], 'app'],
    ['215', ['6', '14'], 'odd "owner'],
    ['216', [], undefined],
    ['217', [], undefined],
  ])
  expect(entries.get('6')?.owner?.statement).toBe('ALTER SCHEMA app OWNER TO app;')
  // A superuser makes what only a superuser may, unless something would be computed on the way.
  expect([...entriesForSuperuser(entries)]).toEqual(['216'])
})
