/**
 * FROM and WHERE of a query for the user's relations: `c` is the relation, `name` below the one that people know it by, for
 * an index that of its table.
 */
export const namedRelations = `
    FROM pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    JOIN pg_catalog.pg_class t ON t.oid = coalesce(i.indrelid, c.oid)
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S', 'i', 'I')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'`

/** Schema and table of a row of `namedRelations`, quoted where SQL needs it. */
export const relationName = `pg_catalog.format('%I.%I', n.nspname, t.relname)`
