-- title: As many orders as before
-- verdict: block
-- equals: before/050_orders_count.sql
-- hint: The migration itself adds and deletes none. If the application kept writing between the two counts, the difference may be its doing.
SELECT count(*) AS row_count
FROM orders
