-- title: Every contact has an existing company of its own tenant
-- verdict: block
SELECT c.id AS contact_id, c.tenant_id, c.company_id
FROM contacts AS c
WHERE NOT EXISTS (
  SELECT 1
  FROM companies AS k
  WHERE k.id = c.company_id
    AND k.tenant_id = c.tenant_id
)
