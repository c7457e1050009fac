// Operators of the server by their full names: https://www.postgresql.org/docs/current/sql-expressions.html#SQL-EXPRESSIONS-OPERATOR-CALLS
// In a question that is asked in the search_path of the user, each of ours is written so.

/** `=` of the server for its own types, for enums, arrays, ranges and rows. */
export const equals = 'OPERATOR(pg_catalog.=)'

/** SQL for a person, who reads `=` and `count(*)` more easily. */
export function readable(sql: string): string {
  return sql.replaceAll(/OPERATOR\(pg_catalog\.([^)\s]+)\)/g, '$1').replaceAll('pg_catalog.count(', 'count(')
}

/** SQL, true when two values differ; NULL is a value here. What IS DISTINCT FROM says, but with this operator for `=`. */
export function distinct(one: string, other: string, operator = equals): string {
  return `((${one} ${operator} ${other}) IS NOT TRUE AND (${one} IS NOT NULL OR ${other} IS NOT NULL))`
}

/**
 * SQL that gives the operator by which values of a type are equal: that of its default operator class, wherever it stands.
 * NULL for a type that has no class of its own and takes that of another type of the server.
 * https://www.postgresql.org/docs/current/indexes-opclass.html
 *
 * @param type SQL of the type's OID; of a domain, that of its base type
 */
export function equalityOperatorOf(type: string): string {
  return `(SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
              FROM pg_catalog.pg_opclass k
              JOIN pg_catalog.pg_am m ON m.oid = k.opcmethod AND m.amname IN ('btree', 'hash')
              JOIN pg_catalog.pg_amop p ON p.amopfamily = k.opcfamily AND p.amoplefttype = k.opcintype
                   AND p.amoprighttype = k.opcintype
                   AND p.amopstrategy = CASE m.amname WHEN 'btree' THEN 3 ELSE 1 END
              JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
              JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
             WHERE k.opcdefault AND k.opcintype = ${type}
             ORDER BY m.amname LIMIT 1)`
}
