// Jest loads this file without its own resolver, so '../../src/….js' would not be found. The build is fresh by now.
import { startThrowAwayCluster, type ThrowAwayCluster } from '../../dist/postgres/throw-away-cluster.js'

declare global {
  var testCluster: ThrowAwayCluster | undefined
}

/** One server for all tests. The workers start later and inherit the environment. */
export default async function globalSetup(): Promise<void> {
  globalThis.testCluster = await startThrowAwayCluster({
    settings: { max_prepared_transactions: '10' },
  })
  process.env.MIGRATE_GUARD_TEST_URL = globalThis.testCluster.url
}
