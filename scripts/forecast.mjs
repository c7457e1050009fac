// Holds the forecast against a real server: the corpus of test/forecast/corpus, generated chains and, with --cases, a folder of them.
//   node scripts/forecast.mjs [--chains <n>] [--seed <n>] [--from <n>] [--url <server>] [--minutes <n>]
//                             [--only <text>] [--no-corpus] [--known] [--cases <folder>] [--shrink <seconds>] [--out <file>]
// Prints how many were tried, how many are wrong without a doubt and how many are left to a rehearsal, by source; the
// wrong ones go into a file, as rows that can be pasted into the corpus, the first of
// each kind made smaller for at most 15 seconds. Without --url it starts a throw-away server.
// --known tries those alone that are known to be wrong, and names the ones that no longer are. Exits 1 when one is wrong.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { startThrowAwayCluster } from '../dist/postgres/throw-away-cluster.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'dist/test-forecast.mjs')
const given = process.argv.slice(2)

await build({
  entryPoints: [join(root, 'test/support/corpus/main.ts')],
  outfile: program,
  bundle: true,
  packages: 'external',
  alias: { '@jest/globals': join(root, 'test/support/corpus/outside-jest.ts') },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
})

if (given.some((word) => word === '--url' || word.startsWith('--url='))) {
  process.exitCode = await run(given)
} else {
  const cluster = await startThrowAwayCluster({})
  try {
    process.exitCode = await run(['--url', cluster.url, ...given])
  } finally {
    await cluster.stop()
  }
}

/** Gives the exit code. A signal ends the child, which then says what it has found; the server ends after it. */
async function run(words) {
  const child = spawn(process.execPath, [program, ...words], { cwd: process.cwd(), stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  const [code] = await once(child, 'exit')
  return code ?? 130
}
