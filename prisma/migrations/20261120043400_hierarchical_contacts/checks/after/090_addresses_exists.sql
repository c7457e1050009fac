-- title: The table addresses exists
-- verdict: block
SELECT 'addresses' AS missing_table
WHERE to_regclass('addresses') IS NULL
