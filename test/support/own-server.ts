import { afterAll, beforeAll } from '@jest/globals'
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../src/postgres/throw-away-cluster.js'
import './test-database.js'

/**
 * A server for one test file, for what all databases of a server share or what needs other settings. The test databases
 * of the file are made on it; it ends after they are dropped.
 */
export function useOwnServer(settings: Readonly<Record<string, string>>): void {
  let cluster: ThrowAwayCluster | undefined
  beforeAll(async () => {
    cluster = await startThrowAwayCluster({ settings })
    process.env.MIGRATE_GUARD_TEST_URL = cluster.url
  })
  afterAll(() => cluster?.stop())
}
