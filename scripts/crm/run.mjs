import { execa } from 'execa'
import { engineHost, guard } from './paths.mjs'

/** Variables that could lead a child to another database than the one it is given. */
const misleading = /^(DIRECT_URL|SHADOW_DATABASE_URL|PG[A-Z]+)$/

/** A child that is cancelled gets this long to end in order. */
const stopTimeoutMs = 20_000

const running = new Set()

/**
 * Runs a program whose DATABASE_URL is `url` and waits for its end, which is given as execa gives it: a failure is for
 * the caller to see. `signal` tells the child to stop; `onStart` gets its process id; any other option is execa's.
 */
export async function run(file, programArguments, { url, signal, env, onStart, ...options } = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !misleading.test(name))
  const child = execa(file, programArguments, {
    reject: false,
    extendEnv: false,
    env: { ...Object.fromEntries(inherited), ...(url ? { DATABASE_URL: url } : {}), ...env },
    forceKillAfterDelay: stopTimeoutMs,
    ...(signal ? { cancelSignal: signal } : {}),
    ...options,
  })
  running.add(child)
  onStart?.(child.pid)
  try {
    return await child
  } finally {
    running.delete(child)
  }
}

/** Waits until no child of `run` is left. */
export async function allEnded() {
  await Promise.all(running)
}

/** Runs the built migrate-guard. */
export function runGuard(programArguments, options) {
  return run(process.execPath, [guard, ...programArguments], options)
}

/** Runs the Prisma CLI of the project in `cwd`, with the engine that ships with migrate-guard: nothing to download. */
export function runPrisma(programArguments, { cwd, ...options }) {
  return run(process.execPath, [`${cwd}/node_modules/prisma/build/index.js`, ...programArguments], {
    ...options,
    cwd,
    env: {
      PRISMA_SCHEMA_ENGINE_BINARY: engineHost,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
}
