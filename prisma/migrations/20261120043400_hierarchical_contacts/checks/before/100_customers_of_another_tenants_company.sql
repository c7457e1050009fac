-- title: A customer's company belongs to the customer's tenant
-- verdict: block
-- hint: There is no automatic fix: find out whether the tenant or the company is wrong. If nobody knows, write down the listed ids and set company_id to NULL, the customer then gets its tenant's default company. Left as it is, one tenant would see the other tenant's contacts and orders.
SELECT c.id AS customer_id,
       c.tenant_id AS customer_tenant_id,
       k.id AS company_id,
       k.tenant_id AS company_tenant_id
FROM customers AS c
JOIN companies AS k ON k.id = c.company_id
WHERE k.tenant_id <> c.tenant_id
