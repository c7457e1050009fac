// Runs jest: `--long` adds the tests that take minutes, every other argument is jest's. The measured faults are tried by
// `--long`, and where a path names their folder.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url))
const isLong = process.argv.includes('--long')
const measured = 'test/faults/measured'
const jestArguments = process.argv.slice(2).filter((argument) => argument !== '--long')
if (!isLong && !jestArguments.some((argument) => argument.includes(measured)))
  jestArguments.push('--testPathIgnorePatterns=/node_modules/', `--testPathIgnorePatterns=${measured}/`)

// The programs that are tested are those into which the tests can reach.
if (!existsSync(new URL('../dist/test-hook', import.meta.url))) {
  const build = fileURLToPath(new URL('build.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [build, '--test-hook'], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

// In NODE_OPTIONS, because jest's workers need them too. Jest loads ES modules with node:vm, which Node calls
// experimental; the warning would stand in front of every test file.
const nodeOptions = '--experimental-vm-modules --disable-warning=ExperimentalWarning'
const child = spawn(process.execPath, [jest, ...jestArguments], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: [process.env.NODE_OPTIONS, nodeOptions].filter(Boolean).join(' '),
    ...(isLong ? { MIGRATE_GUARD_TEST_LONG: '1' } : {}),
  },
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal]
})
