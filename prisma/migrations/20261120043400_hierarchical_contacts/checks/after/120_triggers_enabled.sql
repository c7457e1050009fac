-- title: The triggers that keep an order's company right exist and are enabled
-- verdict: block
-- hint: A trigger is often switched off for a bulk load and forgotten. Switch it on with ALTER TABLE ... ENABLE TRIGGER, then look at check 080.
SELECT e.table_name,
       e.trigger_name,
       CASE WHEN t.oid IS NULL THEN 'missing' ELSE 'not enabled' END AS problem
FROM (VALUES
  ('orders',   'orders_company_from_contact'),
  ('contacts', 'contacts_move_orders')
) AS e (table_name, trigger_name)
LEFT JOIN pg_trigger AS t
  ON t.tgrelid = to_regclass(e.table_name)
 AND t.tgname = e.trigger_name
 AND NOT t.tgisinternal
WHERE t.oid IS NULL
   OR t.tgenabled NOT IN ('O', 'A')
