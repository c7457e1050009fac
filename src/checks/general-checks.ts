import type { Check } from './check.js'
import { duplicates } from './duplicates.js'
import { foreignKeys } from './foreign-keys.js'
import { healthChecks } from './health/health-checks.js'
import { invalidIndexes } from './invalid-indexes.js'
import { missingTables } from './missing-tables.js'
import { orphans } from './orphans.js'

/** Of tables and their rows, as they are today: what is pending changes nothing about the question. */
export const tableChecks: readonly Check[] = [missingTables, foreignKeys, invalidIndexes, duplicates, orphans]

/** The checks of any database, whatever the migrations. */
export const generalChecks: readonly Check[] = [...tableChecks, ...healthChecks]
