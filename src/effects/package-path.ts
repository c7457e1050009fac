import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Absolute path of a file that ships with this package.
 * @param path relative to the root of the package, e.g. `dist/prisma/engine-host/main.js`
 */
export function packagePath(path: string): string {
  return join(findRoot(), path)
}

/** The programs are bundled, so that a module does not know how deep in the package it lies. */
function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
