// Stands in for `prisma/config` when no database is to be opened: a variable that is not set, such as the database's URL
// on a machine that has none, is then no reason not to read where the migrations are.

export { defineConfig } from './config-stand-in.js'

export function env(name: string): string {
  return process.env[name] ?? ''
}
