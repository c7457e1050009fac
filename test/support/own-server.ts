import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import { execa } from 'execa'
import {
  findServerBinaries,
  startThrowAwayCluster,
  type ThrowAwayCluster,
} from '../../src/postgres/throw-away-cluster.js'
import './test-database.js'

/**
 * A server for one test file, for what all databases of a server share or what needs other settings. The test databases
 * of the file are made on it; it ends after they are dropped.
 */
export function useOwnServer(settings: Readonly<Record<string, string>>): () => ThrowAwayCluster {
  let cluster: ThrowAwayCluster | undefined
  beforeAll(async () => {
    cluster = await startThrowAwayCluster({ settings })
    settingsOf.set(cluster, settings)
    process.env.MIGRATE_GUARD_TEST_URL = cluster.url
  })
  afterAll(async () => {
    // One that was restarted is not the process that the cluster knows.
    if (cluster && restarted.has(cluster)) await stopServer(cluster, 'immediate')
    await cluster?.stop()
  })
  return () => {
    if (cluster === undefined) throw new Error('the server of this file is not started yet')
    return cluster
  }
}

const restarted = new Set<ThrowAwayCluster>()
const settingsOf = new WeakMap<ThrowAwayCluster, Readonly<Record<string, string>>>()

/** Stops the server in this way and starts it again on the same port, `pauseMs` later. */
export async function restartServer(
  cluster: ThrowAwayCluster,
  mode: 'fast' | 'immediate',
  pauseMs = 500,
): Promise<void> {
  await stopServer(cluster, mode)
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  await startServer(cluster)
}

/** Starts one that was stopped, on the same port and with the settings of `useOwnServer`. */
export async function startServer(cluster: ThrowAwayCluster): Promise<void> {
  const { directory, port } = cluster
  restarted.add(cluster)
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: directory,
    fsync: 'off',
    max_connections: 200,
    ...settingsOf.get(cluster),
  }
  const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  await control(cluster, 'start', '-l', join(directory, 'restarted.log'), '-o', options.join(' '))
}

/** Stops it and leaves it so. */
export async function stopServer(cluster: ThrowAwayCluster, mode: 'fast' | 'immediate'): Promise<void> {
  await control(cluster, 'stop', '-m', mode)
}

async function control({ directory }: ThrowAwayCluster, ...args: string[]): Promise<void> {
  const program = join(await findServerBinaries(), 'pg_ctl')
  const command = [program, '-D', join(directory, 'data'), '-w', ...args]
  const asPostgres = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : []
  const [file = '', ...rest] = [...asPostgres, ...command]
  await execa(file, rest, { stdio: 'ignore', cwd: directory })
}
