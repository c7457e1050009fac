// Readers and writers at full speed, in a process of their own: `traffic-clients.mjs <url> <count>`, half of them read. Each
// message from the parent is answered with what there was since the last one; when the parent goes, so do they.
import pg from 'pg'

const [, , url, count] = process.argv
let queries = 0
let longestMs = 0
const errors = []

const clients = await Promise.all(
  Array.from({ length: Number(count) }, async () => {
    const client = new pg.Client({ connectionString: url, application_name: 'the application' })
    await client.connect()
    return client
  }),
)
for (const [i, client] of clients.entries()) void work(client, i)

process.on('message', () => {
  process.send({ queries, longestMs, errors: errors.splice(0) })
  queries = 0
  longestMs = 0
})
process.on('disconnect', () => process.exit(0))
process.send('ready')

async function work(client, i) {
  const statement =
    i % 2 === 0 ? 'SELECT note FROM orders WHERE id = $1' : 'UPDATE orders SET n = n + 1 WHERE id = $1'
  for (let turn = 0; ; turn += 1) {
    const startedAt = performance.now()
    try {
      // Each writer has rows of its own, so that they do not wait for each other.
      await client.query(statement, [1 + ((turn * clients.length + i) % 10_000)])
    } catch (error) {
      errors.push(error.message)
    }
    longestMs = Math.max(longestMs, performance.now() - startedAt)
    queries += 1
  }
}
