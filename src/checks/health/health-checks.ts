import type { Check } from '../check.js'
import { cachedPlans } from './cached-plans.js'
import { collationVersions } from './collation-versions.js'
import { columnLimit } from './column-limit.js'
import { diskSpace } from './disk-space.js'
import { eventTriggers } from './event-triggers.js'
import { heldLocks } from './held-locks.js'
import { lockTable } from './lock-table.js'
import { openTransactions } from './open-transactions.js'
import { preparedTransactions } from './prepared-transactions.js'
import { productionSettings } from './production-settings.js'
import { publications } from './publications.js'
import { publishedTables } from './published-tables.js'
import { replicationLag } from './replication-lag.js'
import { replicationSlots } from './replication-slots.js'
import { sequences } from './sequences.js'
import { superuserRole } from './superuser-role.js'
import { wraparoundAge } from './wraparound-age.js'

/** Whether the server is in a state to be deployed to, whatever the rows. None of them says that a migration would fail. */
export const healthChecks: readonly Check[] = [
  openTransactions,
  preparedTransactions,
  heldLocks,
  lockTable,
  cachedPlans,
  diskSpace,
  productionSettings,
  superuserRole,
  eventTriggers,
  columnLimit,
  wraparoundAge,
  replicationSlots,
  replicationLag,
  publications,
  publishedTables,
  sequences,
  collationVersions,
]
