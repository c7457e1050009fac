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

/** Stops the server in this way and starts it again on the same port, `pauseMs` later. */
export async function restartServer(
  cluster: ThrowAwayCluster,
  mode: 'fast' | 'immediate',
  pauseMs = 500,
): Promise<void> {
  await stopServer(cluster, mode)
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  const { directory, port } = cluster
  restarted.add(cluster)
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${directory} -c fsync=off -c max_connections=200`
  await control(cluster, 'start', '-l', join(directory, 'restarted.log'), '-o', options)
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
