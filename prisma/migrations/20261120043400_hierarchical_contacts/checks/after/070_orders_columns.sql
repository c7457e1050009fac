-- title: Orders have the columns contact_id and company_id, both required
-- verdict: block
SELECT e.column_name,
       CASE WHEN a.attnum IS NULL THEN 'missing' ELSE 'may be empty' END AS problem
FROM (VALUES ('contact_id'), ('company_id')) AS e (column_name)
LEFT JOIN pg_attribute AS a
  ON a.attrelid = to_regclass('orders')
 AND a.attname = e.column_name
 AND a.attnum > 0
 AND NOT a.attisdropped
WHERE a.attnum IS NULL
   OR NOT a.attnotnull
