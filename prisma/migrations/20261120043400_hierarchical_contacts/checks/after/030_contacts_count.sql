-- title: As many contacts as there were customers
-- verdict: block
-- equals: before/020_customers_count.sql
-- hint: The migration itself adds and deletes none. If the application kept writing between the two counts, the difference may be its doing.
SELECT count(*) AS row_count
FROM contacts
