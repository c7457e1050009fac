// The two ways to upgrade a copy of the CRM, both without a rehearsal, which bench:snapshot measures. Each gives how long
// it took, and of what that time is made.
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findClientTool } from '../../dist/postgres/client-tools.js'
import { run, runGuard, runPrisma } from '../crm/run.mjs'
import { Unexpected } from '../crm/stage.mjs'
import { formatSeconds } from './figures.mjs'
import { watchPeakMemory } from './peak-memory.mjs'

/** What a careful person types: a dump with the guard's own options, then the deploy. */
export const byHand = {
  words: 'by hand',
  async upgrade({ url, project, folder, signal }) {
    const dump = join(folder, 'by-hand.dump')
    const { path } = await findClientTool('pg_dump', 0)
    const startedAt = performance.now()
    await succeed('pg_dump', run(path, ['-Fd', '-j2', '-Z1', `--file=${dump}`, url], { signal }))
    const dumpedAt = performance.now()
    await succeed('prisma migrate deploy', runPrisma(['migrate', 'deploy'], { cwd: project, url, signal }))
    const endedAt = performance.now()
    await rm(dump, { recursive: true })
    return {
      durationMs: endedAt - startedAt,
      parts: `pg_dump ${formatSeconds(dumpedAt - startedAt)}, prisma migrate deploy ${formatSeconds(endedAt - dumpedAt)}`,
    }
  },
}

export const guarded = {
  words: 'guarded',
  async upgrade({ url, project, folder, signal }) {
    const backups = join(folder, 'backups')
    let endWatch
    const startedAt = performance.now()
    const deploy = runGuard(['deploy', '--yes', '--quiet', '--skip-rehearsal', '--backups', backups], {
      url,
      cwd: project,
      signal,
      onStart: (pid) => {
        endWatch = watchPeakMemory(pid)
      },
    })
    await succeed('migrate-guard deploy', deploy)
    const durationMs = performance.now() - startedAt
    const peakMegabytes = endWatch()
    const parts = await stepDurations(backups)
    await rm(backups, { recursive: true })
    return { durationMs, parts, peakMegabytes }
  },
}

async function stepDurations(backups) {
  const run = (await readdir(backups)).find((name) => /^\d{8}T/.test(name))
  const { steps } = JSON.parse(await readFile(join(backups, run, 'run.json'), 'utf8'))
  return Object.entries(steps)
    .filter(([, { durationMs }]) => durationMs !== undefined)
    .map(([name, { durationMs }]) => `${name} ${formatSeconds(durationMs)}`)
    .join(', ')
}

async function succeed(what, child) {
  const { exitCode, stdout, stderr } = await child
  if (exitCode !== 0) throw new Unexpected(`${what} ended with exit code ${exitCode}:\n${stdout}${stderr}`)
}
