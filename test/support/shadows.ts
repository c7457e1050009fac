import type { TestDatabase } from './test-database.js'

/** What an ordinary role may make in a schema where it may create. */
export interface Shadows {
  readonly operators: readonly string[]
  /** Of the two sides of the operators, and of the arguments of the functions. */
  readonly types: readonly string[]
  readonly functions: readonly string[]
}

/** The types that questions of the catalog and of rows meet most. */
export const fewShadows: Shadows = {
  operators: ['=', '<>', '>', '||', '!~', '+'],
  types: ['oid', 'int4', 'regclass', 'name', 'varchar', 'text'],
  functions: ['count', 'format', 'to_regclass', 'string_agg'],
}

const everyOperator = `SELECT pg_catalog.array_agg(DISTINCT oprname) FROM pg_catalog.pg_operator WHERE oprkind = 'b'`

/** Every binary operator of the server, for every pair of the types below. */
export const manyShadows: Shadows = {
  operators: [],
  types: [
    ...fewShadows.types,
    ...['int8', '"char"', 'bool'],
    ...[
      'int2',
      'numeric',
      'float4',
      'float8',
      'bpchar',
      'regproc',
      'regtype',
      'regnamespace',
      'xid',
      'json',
      'jsonb',
    ],
    ...[
      'oid[]',
      'int2[]',
      'text[]',
      'name[]',
      'int2vector',
      'oidvector',
      'timestamptz',
      'interval',
      'uuid',
      'bytea',
    ],
  ],
  functions: [
    ...fewShadows.functions,
    ...['md5', 'lower', 'jsonb_agg', 'length'],
    ...[
      'json_agg',
      'array_agg',
      'sum',
      'min',
      'max',
      'upper',
      'substr',
      'left',
      'trim',
      'btrim',
      'abs',
      'round',
      'now',
    ],
    ...[
      'concat',
      'concat_ws',
      'quote_ident',
      'quote_literal',
      'current_setting',
      'set_config',
      'version',
      'unnest',
    ],
    ...[
      'obj_description',
      'col_description',
      'pg_get_expr',
      'format_type',
      'generate_subscripts',
      'pg_advisory_lock',
    ],
  ],
}

/**
 * Makes, in a schema, an operator and a function wherever the server has none for exactly these types: it then fits better
 * than those of the server that need a cast. Beside them, types that are called like those of the server.
 *
 * Each counts its calls, also in a transaction that may not write; in any other database, such as a copy, it raises.
 */
export async function castShadows(
  database: TestDatabase,
  schema: string,
  { operators, types, functions }: Shadows,
): Promise<void> {
  const list = (texts: readonly string[]) =>
    `ARRAY[${texts.map((one) => `'${one}'`).join(', ')}]::pg_catalog.text[]`
  const names = operators.length > 0 ? list(operators) : `(${everyOperator})::pg_catalog.text[]`
  await database.query(`
    SET search_path = pg_catalog;
    ALTER DATABASE "${database.name}" SET track_functions = 'all';
    DO $do$
    DECLARE one record; body text := $body$ BEGIN
      IF pg_catalog.current_database() OPERATOR(pg_catalog.<>) '${database.name}' THEN RAISE EXCEPTION 'a shadow was called'; END IF;
      RETURN NULL; END $body$;
    BEGIN
      FOR one IN SELECT l, r, result, 'shadow_' || result || '_' || pg_catalog.md5(l || ' ' || r) AS f
                   FROM pg_catalog.unnest(${list(types)}) l, pg_catalog.unnest(${list(types)}) r, (VALUES ('bool'), ('text')) v (result)
      LOOP EXECUTE pg_catalog.format('CREATE FUNCTION %I.%I (%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', '${schema}', one.f, one.l, one.r, one.result, body);
      END LOOP;
      FOR one IN SELECT op, l, r, 'shadow_' || CASE WHEN op ~ '^[=<>!~@&?]' THEN 'bool' ELSE 'text' END || '_' || pg_catalog.md5(l || ' ' || r) AS f
                   FROM pg_catalog.unnest(${names}) op, pg_catalog.unnest(${list(types)}) l, pg_catalog.unnest(${list(types)}) r
                  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE o.oprname = op AND o.oprleft = l::regtype AND o.oprright = r::regtype)
      LOOP EXECUTE pg_catalog.format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %I.%I)', '${schema}', one.op, one.l, one.r, '${schema}', one.f);
      END LOOP;
      FOR one IN SELECT f, a FROM pg_catalog.unnest(${list(functions)}) f,
                        (SELECT t AS a FROM pg_catalog.unnest(${list(types)}) t UNION ALL SELECT t || ', ' || u FROM pg_catalog.unnest(${list(types)}) t, (VALUES ('text'), ('varchar')) v (u)) args
      LOOP EXECUTE pg_catalog.format('CREATE FUNCTION %I.%I (%s) RETURNS text LANGUAGE plpgsql AS %L', '${schema}', one.f, one.a, body);
      END LOOP;
      FOR one IN SELECT t FROM pg_catalog.unnest(ARRAY['text', 'oid', 'name', 'int4', 'bool', 'regclass', 'float8', 'jsonb']) t
      LOOP EXECUTE pg_catalog.format('CREATE DOMAIN %I.%I AS pg_catalog.int8', '${schema}', one.t);
      END LOOP;
    END $do$`)
}

/** What of it has been called so far, by name. */
export async function calledShadows(database: TestDatabase): Promise<string[]> {
  const called = await database.query(`
    SELECT pg_catalog.format('%s.%s, %s times', schemaname, funcname, calls) AS call
      FROM pg_catalog.pg_stat_user_functions
     WHERE schemaname OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog', 'information_schema']::pg_catalog.name[]) ORDER BY 1`)
  return called.map(({ call }) => call)
}
