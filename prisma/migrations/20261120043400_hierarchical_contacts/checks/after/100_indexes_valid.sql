-- title: All expected indexes exist and are valid
-- verdict: block
-- hint: An index that is not valid is not used by queries. Rebuild it with REINDEX INDEX CONCURRENTLY.
SELECT e.table_name,
       e.index_name,
       CASE
         WHEN i.indexrelid IS NULL THEN 'missing'
         WHEN i.indrelid IS DISTINCT FROM to_regclass(e.table_name) THEN 'on another table'
         WHEN i.indisunique <> e.is_unique THEN 'wrong uniqueness'
         WHEN NOT i.indisready THEN 'not ready'
         ELSE 'not valid'
       END AS problem
FROM (VALUES
  ('tenants',   'tenants_pkey',                        true),
  ('companies', 'companies_pkey',                      true),
  ('companies', 'companies_tenant_id_idx',             false),
  ('companies', 'companies_default_address_id_key',    true),
  ('companies', 'companies_default_for_tenant_id_key', true),
  ('addresses', 'addresses_pkey',                      true),
  ('addresses', 'addresses_company_id_idx',            false),
  ('contacts',  'contacts_pkey',                       true),
  ('contacts',  'contacts_tenant_id_email_key',        true),
  ('contacts',  'contacts_tenant_id_name_idx',         false),
  ('contacts',  'contacts_company_id_idx',             false),
  ('orders',    'orders_pkey',                         true),
  ('orders',    'orders_contact_id_idx',               false),
  ('orders',    'orders_company_id_placed_at_idx',     false),
  ('orders',    'orders_tenant_id_placed_at_idx',      false)
) AS e (table_name, index_name, is_unique)
LEFT JOIN pg_index AS i ON i.indexrelid = to_regclass(e.index_name)
WHERE i.indexrelid IS NULL
   OR i.indrelid IS DISTINCT FROM to_regclass(e.table_name)
   OR i.indisunique <> e.is_unique
   OR NOT i.indisready
   OR NOT i.indisvalid
