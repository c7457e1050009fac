import { withClientBefore } from './clients.mjs'

const tenantCount = 20
const people = ['Anna Berg', 'Bruno Costa', 'Chloé Dubois', 'Dmitri Ivanov', 'Emma Jones', 'Farid Khan']
const firstCompanies = ['Acme', 'Borealis', 'Cobalt', 'Driftwood', 'Ember', 'Foxglove']

/** How many rows the CRM gets at a scale; 1 is the size of the demo. */
export function sizesAt(scale) {
  const times = (count) => Math.max(Math.round(count * scale), 20)
  return {
    tenants: tenantCount,
    companies: times(50_000),
    customers: times(200_000),
    customersWithoutCompany: times(2_000),
    orders: times(500_000),
  }
}

/**
 * Fills a CRM that is at its first migration, the same way every time. The data is in order, as the before-checks of
 * the next migration want it, except that with `duplicates` six people are customers twice under one e-mail.
 */
export async function seed(url, { scale = 1, duplicates = true } = {}) {
  const sizes = sizesAt(scale)
  await withClientBefore(url, async (client) => {
    await client.tenant.createMany({ data: tenants() })
    await client.company.createMany({ data: firstCompanies.map((name) => ({ name, tenantId: 1 })) })
    await addCompanies(client, sizes.companies - firstCompanies.length)
    const twice = customersTwice({ duplicates })
    await client.customer.createMany({ data: twice })
    await addCustomers(client, sizes, sizes.customers - twice.length)
    await addOrders(client, sizes)
    // As in a database that has lived: statistics for the planner, and nothing left over for the first reader to tidy.
    await client.$executeRaw`VACUUM ANALYZE`
  })
  return sizes
}

function tenants() {
  return Array.from({ length: tenantCount }, (_, i) => ({ name: `Tenant ${i + 1}` }))
}

/** Each person twice, as one customer of each of two companies of the first tenant. */
function customersTwice({ duplicates }) {
  return people.flatMap((name, i) =>
    ['', '.private'].map((tag, j) => ({
      name,
      tenantId: 1,
      companyId: 1 + ((i + j) % firstCompanies.length),
      email: `${name.toLowerCase().replace('é', 'e').replace(' ', '.')}${duplicates ? '' : tag}@example.com`,
      phone: `+49 30 5550${i}${j}`,
    })),
  )
}

// The text is made of md5, in letters or in digits, so that no two rows are alike and a dump of them has a realistic size.
const digits = '0123456789'
const letters = 'ghijklmnop'

async function addCompanies(client, count) {
  await client.$executeRaw`
    INSERT INTO companies (tenant_id, name, vat_number, created_at)
    SELECT 1 + i % ${tenantCount}::int,
           initcap(substr(word, 1, 7) || ' ' || substr(word, 8, 5)) || (ARRAY[' GmbH', ' Ltd', ' SA', ' Inc'])[1 + i % 4],
           'DE' || translate(substr(h, 13, 9), 'abcdef', '012345'),
           timestamptz '2019-01-01 00:00Z' + i % 2500 * interval '1 day'
      FROM generate_series(1, ${count}::int) AS i, md5('company' || i) AS h, translate(h, ${digits}, ${letters}) AS word`
}

async function addCustomers(client, { companies, customersWithoutCompany }, count) {
  // Every so many customers one has no company; it belongs to a tenant all the same.
  const each = Math.floor(count / customersWithoutCompany)
  await client.$executeRaw`
    INSERT INTO customers (tenant_id, company_id, name, email, phone, created_at)
    SELECT k.tenant_id,
           CASE WHEN i % ${each}::int = 0 AND i <= ${each * customersWithoutCompany}::int THEN NULL ELSE k.id END,
           initcap(substr(word, 1, 6) || ' ' || substr(word, 7, 9)),
           CASE WHEN i % 25 <> 24 THEN substr(word, 1, 6) || '.' || i || '@' || substr(word, 16, 8) || '.example' END,
           '+49 ' || translate(substr(h, 24, 9), 'abcdef', '012345'),
           timestamptz '2020-01-01 00:00Z' + i % 2100 * interval '1 day'
      FROM generate_series(1, ${count}::int) AS i, md5('customer' || i) AS h, translate(h, ${digits}, ${letters}) AS word,
           companies AS k
     WHERE k.id = 1 + i::bigint * 7919 % ${companies}::int`
}

async function addOrders(client, { customers, orders }) {
  await client.$executeRaw`
    INSERT INTO orders (tenant_id, customer_id, number, total, status, placed_at)
    SELECT c.tenant_id, c.id,
           'O-' || lpad(i::text, 8, '0') || '-' || upper(substr(h, 1, 4)),
           ('x' || substr(h, 5, 5))::bit(20)::int / 100.0,
           (ARRAY['open', 'paid', 'shipped', 'cancelled'])[1 + i % 4]::order_status,
           timestamptz '2021-01-01 00:00Z' + ('x' || substr(h, 10, 6))::bit(24)::int * interval '10 seconds'
      FROM generate_series(1, ${orders}::int) AS i, md5('order' || i) AS h, customers AS c
     WHERE c.id = 1 + i::bigint * 104729 % ${customers}::int`
}
