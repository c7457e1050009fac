-- title: Every order's company is its contact's company
-- verdict: block
-- hint: Find out first who switched off the trigger (check 120). With the trigger in place, the fix only has to touch the wrong orders.
-- fix: UPDATE orders AS o
--   SET company_id = c.company_id
--   FROM contacts AS c
--   WHERE c.id = o.contact_id AND o.company_id IS DISTINCT FROM c.company_id;
SELECT o.id AS order_id,
       o.contact_id,
       o.company_id AS order_company_id,
       c.company_id AS contact_company_id
FROM orders AS o
LEFT JOIN contacts AS c ON c.id = o.contact_id
WHERE c.id IS NULL
   OR o.company_id IS DISTINCT FROM c.company_id
