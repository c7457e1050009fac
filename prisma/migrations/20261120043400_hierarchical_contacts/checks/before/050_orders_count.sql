-- title: Number of orders
-- verdict: info
-- hint: The number must be the same after the deploy.
SELECT count(*) AS row_count
FROM orders
