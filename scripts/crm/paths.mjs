import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The programs that the build makes. */
export const guard = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
export const engineHost = fileURLToPath(new URL('../../dist/prisma/engine-host/main.js', import.meta.url))
