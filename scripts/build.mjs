// Compiles src into dist, from scratch: a file that left src must leave dist too.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' })
process.exitCode = compiled.status ?? 1

// tsc knows nothing of programs. This comes last: a dist whose programs can be run is a dist that compiled.
if (compiled.status === 0) {
  const programs = ['cli/main.js', 'prisma/engine-host/main.js'].map((path) => join(root, 'dist', path))
  // The library is bundled with them, so that the package holds its code once: package.json ships the bundles alone.
  await bundle([...programs, join(root, 'dist/index.js')])
  for (const program of programs) chmodSync(program, 0o755)
}

/** To find and read hundreds of small modules takes Node longer than a status takes: each program gets a few large ones. */
async function bundle(entryPoints) {
  await build({
    entryPoints,
    outbase: join(root, 'dist'),
    outdir: join(root, 'dist'),
    allowOverwrite: true,
    bundle: true,
    // What a command needs is still loaded only when it runs.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  })
}
