-- title: The table contacts exists
-- verdict: block
SELECT 'contacts' AS missing_table
WHERE to_regclass('contacts') IS NULL
