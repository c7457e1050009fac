import type { Check } from './check.js'
import { duplicates } from './duplicates.js'
import { foreignKeys } from './foreign-keys.js'
import { healthChecks } from './health/health-checks.js'
import { invalidIndexes } from './invalid-indexes.js'
import { missingTables } from './missing-tables.js'
import { orphans } from './orphans.js'

/** The checks of any database, whatever the migrations. */
export const generalChecks: readonly Check[] = [
  missingTables,
  foreignKeys,
  invalidIndexes,
  duplicates,
  orphans,
  ...healthChecks,
]
