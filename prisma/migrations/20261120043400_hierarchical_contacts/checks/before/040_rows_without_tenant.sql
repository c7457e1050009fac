-- title: Every company, customer and order has an existing tenant
-- verdict: block
-- hint: Restore the tenant under its old id if you can. The fix makes a placeholder tenant for each missing id, so that no row is lost and somebody can decide later whose rows they are.
-- fix: INSERT INTO tenants (id, name)
--   SELECT lost.tenant_id, 'Recovered tenant ' || lost.tenant_id
--   FROM (
--     SELECT tenant_id FROM companies
--     UNION SELECT tenant_id FROM customers
--     UNION SELECT tenant_id FROM orders
--   ) AS lost
--   WHERE NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.id = lost.tenant_id);
--   SELECT setval('tenants_id_seq', greatest(
--     (SELECT max(id) FROM tenants),
--     (SELECT last_value FROM tenants_id_seq)
--   ));
--
-- The second statement of the fix moves the sequence past the ids just used, so
-- that the next new tenant does not get an id that is already taken.
SELECT 'companies' AS table_name, x.id, x.tenant_id
FROM companies AS x
WHERE NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.id = x.tenant_id)
UNION ALL
SELECT 'customers', x.id, x.tenant_id
FROM customers AS x
WHERE NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.id = x.tenant_id)
UNION ALL
SELECT 'orders', x.id, x.tenant_id
FROM orders AS x
WHERE NOT EXISTS (SELECT 1 FROM tenants AS t WHERE t.id = x.tenant_id)
