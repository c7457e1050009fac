-- title: Number of customers
-- verdict: info
-- hint: The number of contacts after the deploy must be the same.
SELECT count(*) AS row_count
FROM customers
