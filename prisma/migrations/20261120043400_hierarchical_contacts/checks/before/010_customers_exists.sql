-- title: The table customers exists
-- verdict: block
-- hint: Without it this is another database, or the migration has already run. Look at the connection string first.
SELECT 'customers' AS missing_table
WHERE to_regclass('customers') IS NULL
