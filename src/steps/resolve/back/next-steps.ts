import type { GoBackPlan, NextStep } from '../../../domain/go-back.js'
import type { TargetAddress } from '../../../domain/target.js'
import { libpqParametersOf } from '../../../postgres/client-environment.js'
import type { OwnProperties } from '../../../postgres/restored-database/own-properties.js'
import { formatPsql } from '../../../report/psql-command.js'
import { quoteIdentifier } from '../../../sql/names.js'

/** What is left to a person once the backup stands restored: each command complete, without a password. */
export function makeNextSteps(
  { database, restoredName, keptName, mayRename }: GoBackPlan,
  refused: OwnProperties['refused'],
  server: TargetAddress,
): NextStep[] {
  const { host, port, user } = server
  const address = { host, port, user, database: server.database, parameters: libpqParametersOf(server) }
  const literal = `'${database.replaceAll("'", "''")}'`
  const rename = (from: string, to: string) =>
    `ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`
  return [
    {
      text: `Stop everything that is connected to "${database}": the application, its workers, the pooler. Nobody may be left here:`,
      commands: [
        formatPsql(address, [
          `SELECT pid, usename, application_name, state FROM pg_catalog.pg_stat_activity WHERE datname = ${literal}`,
        ]),
      ],
    },
    ...(refused.length === 0
      ? []
      : [
          {
            text: `Give "${restoredName}" what your role may not give it (as the owner of "${database}", or a superuser):`,
            commands: refused.map(({ statement }) => formatPsql(address, [statement])),
          },
        ]),
    {
      text: `Swap the names, both or neither${mayRename ? '' : ` (as the owner of "${database}" with CREATEDB, or a superuser: your role is neither)`}:`,
      commands: [
        formatPsql(address, [rename(database, keptName), rename(restoredName, database)], { together: true }),
      ],
    },
    {
      text: `Start the application of that time again. "${keptName}" keeps what was written since; to come back to it, swap the names the other way round.`,
      commands: [],
    },
  ]
}
