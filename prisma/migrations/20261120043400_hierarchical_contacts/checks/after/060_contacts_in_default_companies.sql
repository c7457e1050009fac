-- title: The default companies hold exactly the customers that had no company
-- verdict: block
-- equals: before/030_customers_without_company.sql
-- hint: True right after the deploy. Later, people may move contacts in and out.
SELECT count(*) AS row_count
FROM contacts AS c
JOIN companies AS k ON k.id = c.company_id
WHERE k.default_for_tenant_id IS NOT NULL
