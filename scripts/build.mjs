// Compiles src into dist, from scratch: a file that left src must leave dist too.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' })
process.exitCode = compiled.status ?? 1

// tsc knows nothing of programs. This comes last: a dist whose programs can be run is a dist that compiled.
if (compiled.status === 0) {
  for (const program of ['cli/main.js', 'prisma/engine-host/main.js'])
    chmodSync(join(root, 'dist', program), 0o755)
}
