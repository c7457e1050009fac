import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { startThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import { hostileRow } from '../support/hostile.js'
import { descendantsOf, readProcesses } from '../support/processes.js'

// A program that runs with the rights of the rehearsal's server can read what its processes were started with.

const row = hostileRow(import.meta.url, 'The server of a rehearsal is started with no secret of the guard')
const canary = 'canary-of-the-environment'
const onLinux = process.platform === 'linux' ? test : test.skip

afterAll(() => {
  for (const name of names) delete process.env[name]
})

const names = ['PGPASSWORD', 'DATABASE_URL', 'MIGRATE_GUARD_CANARY', 'AWS_SECRET_ACCESS_KEY']

onLinux.each(names)(
  '%s is not in the environment or command line of the server, nor of its watch',
  async (name) => {
    process.env[name] = canary
    const cluster = await startThrowAwayCluster()
    try {
      const pid = (await readFile(join(cluster.directory, 'data/postmaster.pid'), 'utf8')).split('\n')[0]
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8')
      expect(environment).toContain('PATH=')
      expect(environment).not.toContain(canary)
      const watch = descendantsOf(process.pid, await readProcesses()).find(({ command }) =>
        command.includes(`migrate-guard-watch ${pid} `),
      )
      const ofWatch = await readFile(`/proc/${watch?.processId}/environ`, 'utf8')
      expect(ofWatch).toContain('PATH=')
      expect(ofWatch).not.toContain(canary)
      for (const one of [pid, watch?.processId])
        expect(await readFile(`/proc/${one}/cmdline`, 'utf8')).not.toContain(new URL(cluster.url).password)
      row.held()
    } finally {
      await cluster.stop()
    }
  },
)
