import { expect, test } from '@jest/globals'
import { withoutPasswords } from '../../../src/domain/secrets.js'

test.each([
  ['unknown setting "postgers://u:pa@ss:w@h/db"', 'unknown setting "postgers://…@h/db"'],
  ['postgres:/u:pw@h/db', 'postgres:/…@h/db'],
  ['u:pw@h/db', '…@h/db'],
  ["input: 'postgresql//u:pw@h/db'", "input: '…@h/db'"],
  ['host=h password=pw user=u', 'host=h password=… user=u'],
  ["sslpassword = 'p w', x", 'sslpassword = …, x'],
  ["{ apiKey: 'pw', user: 'u' }", "{ apiKey: …, user: 'u' }"],
  ["CREATE ROLE r PASSWORD 'it''s'", "CREATE ROLE r PASSWORD '…'"],
  ["EXECUTE 'ALTER ROLE r PASSWORD ''pw'' LOGIN'", "EXECUTE 'ALTER ROLE r PASSWORD ''…'' LOGIN'"],
  ["EXECUTE 'ALTER ROLE r PASSWORD ''pw'''; END", "EXECUTE 'ALTER ROLE r PASSWORD ''…'''; END"],
  ["EXECUTE 'ALTER ROLE r PASSWORD ''p''''w'''; END", "EXECUTE 'ALTER ROLE r PASSWORD ''…'''; END"],
  ["PASSWORD 'p'; SELECT 'x'", "PASSWORD '…'; SELECT 'x'"],
  ['ALTER ROLE r PASSWORD $x$pw$x$', "ALTER ROLE r PASSWORD '…'"],
  ["OPTIONS (user 'u', password 'pw')", "OPTIONS (user 'u', password '…')"],
])('%s', (text, expected) => {
  expect(withoutPasswords(text)).toBe(expected)
})

test.each([
  'Write it as postgresql://user:password@host:5432/database.',
  'psql "postgresql://u@h:5432/db?schema=public"',
  '127.0.0.1:5432 refused the login of "u": password authentication failed',
  'prisma/migrations/20260101000000_a/migration.sql:140',
  'ALTER TABLE users ADD COLUMN password text NOT NULL',
  'statement 3 (line 4): the key is used twice; see https://www.prisma.io/docs@7',
  'Put the password into the database URL, or into a pgpass file.',
])('%s stays as it is', (text) => {
  expect(withoutPasswords(text)).toBe(text)
})
