-- title: The table customers is gone
-- verdict: block
-- hint: It was renamed, not copied. If there is one again, an old version of the application has probably made it.
SELECT 'customers' AS unexpected_table
WHERE to_regclass('customers') IS NOT NULL
