/** So many characters of one value are brought here; more would be of no use to a reader. */
const mostCharacters = 2_000

/**
 * SQL: the row of a FROM item as a JSON object whose values are text. The server cuts a long value before it sends it: a
 * single one may have a gigabyte. What was cut says so itself, with its length and a hash, so that two of them are equal
 * only when the whole values are. Names the schema of all that it calls, because it stands beside SQL of the user's.
 * @param row the name of the FROM item
 */
export function rowAsJson(row: string): string {
  return `COALESCE((SELECT pg_catalog.json_object_agg(key, CASE
      WHEN pg_catalog.length(value) OPERATOR(pg_catalog.>) ${mostCharacters}
      THEN pg_catalog.format('%s... (cut: the value has %s characters, sha256 %s)', pg_catalog.left(value, ${mostCharacters}),
                             pg_catalog.length(value), pg_catalog.encode(${sha256('value')}, 'hex'))
      ELSE value END)
    FROM pg_catalog.json_each_text(pg_catalog.row_to_json(${row}.*))), '{}')`
}

/** SQL: the hash of a text, of the bytes that the server keeps. Unlike MD5 it is there on a server that runs in FIPS mode. */
export function sha256(text: string): string {
  return `pg_catalog.sha256(pg_catalog.convert_to(${text}, pg_catalog.getdatabaseencoding()))`
}
