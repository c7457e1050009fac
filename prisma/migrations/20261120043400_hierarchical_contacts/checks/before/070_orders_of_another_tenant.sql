-- title: Every order has the same tenant as its customer
-- verdict: block
-- hint: There is no automatic fix: either the tenant or the customer of the order is wrong, and only the order's papers tell which. After the deploy such an order would show up under another tenant's company.
SELECT o.id AS order_id,
       o.tenant_id AS order_tenant_id,
       c.id AS customer_id,
       c.tenant_id AS customer_tenant_id
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
WHERE o.tenant_id <> c.tenant_id
