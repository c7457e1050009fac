-- title: No two e-mails within a tenant differ only in upper and lower case
-- verdict: warn
-- hint: The deploy works with these, because the new unique index compares exactly. But they are probably the same person twice.
SELECT tenant_id, lower(email) AS email, count(*) AS customers, array_agg(id ORDER BY id) AS customer_ids
FROM customers
WHERE email IS NOT NULL
GROUP BY tenant_id, lower(email)
HAVING count(DISTINCT email) > 1
