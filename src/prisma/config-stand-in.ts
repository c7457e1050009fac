// Stands in for `prisma/config` while the guard reads a project's configuration. Prisma's own module takes a quarter of
// a second and 30 MB to load, only to check what the Prisma CLI checks again when it runs.

export function defineConfig<T>(config: T): T {
  return config
}

export function env(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`Cannot resolve environment variable: ${name}.`)
  return value
}
