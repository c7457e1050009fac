-- title: Every order has an existing customer
-- verdict: block
-- hint: Restore the customer under its old id if you can. The fix makes a placeholder customer without e-mail for each missing id: no order is deleted, and every amount stays in the books.
-- fix: INSERT INTO customers (id, tenant_id, name)
--   SELECT DISTINCT ON (o.customer_id) o.customer_id, o.tenant_id, 'Recovered customer ' || o.customer_id
--   FROM orders AS o
--   WHERE NOT EXISTS (SELECT 1 FROM customers AS c WHERE c.id = o.customer_id)
--   ORDER BY o.customer_id, o.id;
--   SELECT setval('customers_id_seq', greatest(
--     (SELECT max(id) FROM customers),
--     (SELECT last_value FROM customers_id_seq)
--   ));
--
-- The second statement of the fix moves the sequence past the ids just used, so
-- that the next new customer does not get an id that is already taken.
SELECT o.id AS order_id, o.tenant_id, o.customer_id
FROM orders AS o
WHERE NOT EXISTS (SELECT 1 FROM customers AS c WHERE c.id = o.customer_id)
