// Where the Prisma CLI finds the schema, the migrations and the database.
//
// DATABASE_URL is read with a plain process.env lookup and not with Prisma's
// env() helper: env() stops with an error when the variable is missing, and
// `prisma generate` must work on a machine that has no database at all.
// Commands that do need a database fail with a clear message when it is empty.
import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: {
    path: 'prisma/migrations',
  },
  datasource: {
    url: process.env.DATABASE_URL ?? '',
  },
})
