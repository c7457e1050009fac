// Compiles src into dist, from scratch: a file that left src must leave dist too.
//   node scripts/build.mjs [--test-hook] [--unchecked]
// --test-hook builds programs into which the tests can reach; without it, nothing can. --unchecked looks at no types and
// writes none, which takes a second: for a guard that is broken on purpose.
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const withTestHook = process.argv.includes('--test-hook')

rmSync(join(root, 'dist'), { recursive: true, force: true })
const status = process.argv.includes('--unchecked') ? await transpile() : compile()
process.exitCode = status

// tsc knows nothing of programs. This comes last: a dist whose programs can be run is a dist that compiled.
if (status === 0) {
  const programs = ['cli/main.js', 'prisma/engine-host/main.js'].map((path) => join(root, 'dist', path))
  // The library is bundled with them, so that the package holds its code once: package.json ships the bundles alone.
  await bundle([...programs, join(root, 'dist/index.js')], withTestHook ? [testHook(programs)] : [])
  if (withTestHook) writeFileSync(join(root, 'dist/test-hook'), 'These programs are for the tests.\n')
  for (const program of programs) chmodSync(program, 0o755)
}

/** Gives the exit code of the compiler. */
function compile() {
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], {
    cwd: root,
    stdio: 'inherit',
  })
  return status ?? 1
}

async function transpile() {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  await build({
    entryPoints: files.filter((file) => file.endsWith('.ts')).map((file) => join(root, 'src', file)),
    outbase: join(root, 'src'),
    outdir: join(root, 'dist'),
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  })
  return 0
}

/** To find and read hundreds of small modules takes Node longer than a status takes: each program gets a few large ones. */
async function bundle(entryPoints, plugins) {
  await build({
    entryPoints,
    outbase: join(root, 'dist'),
    outdir: join(root, 'dist'),
    allowOverwrite: true,
    bundle: true,
    // What a command needs is still loaded only when it runs.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    plugins,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  })
}

/** What a program imports first runs first. */
function testHook(programs) {
  const hook = `import ${JSON.stringify(join(root, 'scripts/test-hook.mjs'))}`
  return {
    name: 'test-hook',
    setup: ({ onLoad }) =>
      onLoad({ filter: /main\.js$/ }, ({ path }) =>
        programs.includes(path)
          ? { contents: readFileSync(path, 'utf8').replace('\n', () => `\n${hook}\n`) }
          : undefined,
      ),
  }
}
