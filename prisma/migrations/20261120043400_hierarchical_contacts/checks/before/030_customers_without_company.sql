-- title: Customers without a company
-- verdict: info
-- hint: This is allowed. They are assigned to one new default company per tenant, named "Contacts without a company".
SELECT count(*) AS row_count
FROM customers
WHERE company_id IS NULL
