-- title: All expected foreign keys exist and are validated
-- verdict: block
-- hint: A foreign key that is not validated was never checked against the old rows. Check it with ALTER TABLE ... VALIDATE CONSTRAINT.
SELECT e.table_name,
       e.constraint_name,
       CASE
         WHEN c.oid IS NULL THEN 'missing'
         WHEN c.confrelid IS DISTINCT FROM to_regclass(e.referenced_table) THEN 'refers to another table'
         ELSE 'not validated'
       END AS problem
FROM (VALUES
  ('companies', 'companies_tenant_id_fkey',          'tenants'),
  ('companies', 'companies_default_address_id_fkey', 'addresses'),
  ('addresses', 'addresses_company_id_fkey',         'companies'),
  ('contacts',  'contacts_tenant_id_fkey',           'tenants'),
  ('contacts',  'contacts_company_id_fkey',          'companies'),
  ('orders',    'orders_tenant_id_fkey',             'tenants'),
  ('orders',    'orders_contact_id_fkey',            'contacts'),
  ('orders',    'orders_company_id_fkey',            'companies')
) AS e (table_name, constraint_name, referenced_table)
LEFT JOIN pg_constraint AS c
  ON c.conrelid = to_regclass(e.table_name)
 AND c.conname = e.constraint_name
 AND c.contype = 'f'
WHERE c.oid IS NULL
   OR c.confrelid IS DISTINCT FROM to_regclass(e.referenced_table)
   OR NOT c.convalidated
