-- title: A customer's company exists, where one is given
-- verdict: block
-- hint: Restore the company under its old id if you can. The fix makes a placeholder company for each missing id, so that customers who belonged together stay together.
-- fix: INSERT INTO companies (id, tenant_id, name)
--   SELECT DISTINCT ON (c.company_id) c.company_id, c.tenant_id, 'Recovered company ' || c.company_id
--   FROM customers AS c
--   WHERE c.company_id IS NOT NULL
--     AND NOT EXISTS (SELECT 1 FROM companies AS k WHERE k.id = c.company_id)
--   ORDER BY c.company_id, c.id;
--   SELECT setval('companies_id_seq', greatest(
--     (SELECT max(id) FROM companies),
--     (SELECT last_value FROM companies_id_seq)
--   ));
--
-- The second statement of the fix moves the sequence past the ids just used, so
-- that the next new company does not get an id that is already taken.
SELECT c.id AS customer_id, c.tenant_id, c.company_id
FROM customers AS c
WHERE c.company_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM companies AS k WHERE k.id = c.company_id)
