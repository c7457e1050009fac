import type pg from 'pg'

/** Drops all that stands in a database, also what stands in no schema. */
export async function dropEverything(client: pg.Client): Promise<void> {
  await client.query(`
    DO $$ DECLARE one text; BEGIN
      FOR one IN SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_catalog.pg_event_trigger
        UNION ALL SELECT format('DROP PUBLICATION %I', pubname) FROM pg_catalog.pg_publication
        UNION ALL SELECT format('DROP CAST IF EXISTS (%s AS %s)', castsource::regtype, casttarget::regtype) FROM pg_catalog.pg_cast
                   WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE objid = pg_cast.oid AND deptype = 'e')
        UNION ALL SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql'
        UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_catalog.pg_namespace
                   WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
      LOOP EXECUTE one; END LOOP;
    END $$`)
}
