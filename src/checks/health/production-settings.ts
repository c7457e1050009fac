import type { Finding } from '../../domain/finding.js'
import type { Reader } from '../../domain/reader.js'
import { quoteIdentifier } from '../../sql/names.js'
import type { Check, CheckAnswer, CheckContext } from '../check.js'

interface Setting {
  readonly name: string
  readonly value: string
  /** The ALTER command that set it, e.g. `ROLE "app" IN DATABASE "shop"`. */
  readonly setBy: string
}

interface Effect {
  readonly verdict: 'block' | 'warn'
  /** True for a value that gets in the way. */
  readonly hurts: (value: string) => boolean
  /** What it does to the deploy. */
  readonly effect: string
}

const isOn = (value: string) => /^(on|t|tr|tru|true|y|ye|yes|1)$/i.test(value)

/** Also the session that resets it must ask to write. */
const readOnly = 'default_transaction_read_only'

const effects: Readonly<Record<string, Effect>> = {
  [readOnly]: {
    verdict: 'block',
    hurts: isOn,
    effect: 'the server refuses every statement of the deploy that writes',
  },
  transaction_timeout: {
    verdict: 'warn',
    hurts: (value) => !/^0\D*$/.test(value),
    effect: 'a migration that takes longer in one transaction is ended and rolled back',
  },
  session_replication_role: {
    verdict: 'warn',
    hurts: (value) => value.toLowerCase() === 'replica',
    effect: 'neither triggers nor foreign keys act on the rows that the migrations change',
  },
  default_transaction_isolation: {
    verdict: 'warn',
    hurts: (value) => /^(repeatable read|serializable)$/i.test(value),
    effect: 'a migration that changes rows fails when the application changes one of them meanwhile',
  },
  role: {
    verdict: 'warn',
    hurts: (value) => value.toLowerCase() !== 'none',
    effect: 'the migrations run with its privileges, and what they make belongs to it',
  },
}

/** What every session of the deploy sets for itself. */
const setByDeploy = new Set(['lock_timeout', 'statement_timeout', 'search_path'])

/**
 * Settings of the role and the database that no other environment has, by ALTER ROLE and ALTER DATABASE … SET. They hold
 * for the migrations' sessions too: https://www.postgresql.org/docs/current/config-setting.html
 */
export const productionSettings: Check = {
  code: 'production-settings',
  title: 'no setting of the role or the database gets in the way of the deploy',
  steps: ['check'],
  find: async (reader, { step, urlParameters = new Map() }): Promise<CheckAnswer> => {
    const stored = await readSettings(reader)
    const settings = stored.filter(({ name }) => !urlParameters.has(name))
    const findings = settings.flatMap((setting) => judge(setting, step))
    if (settings.length === 0) return { findings }
    const own = settings.filter(({ name }) => setByDeploy.has(name)).map(({ name }) => name)
    return {
      findings,
      facts: Object.fromEntries(
        settings.map(({ name, value, setBy }) => [name, `${shownValue(name, value)} (ALTER ${setBy})`]),
      ),
      ...(own.length > 0 ? { note: `the deploy sets its own ${own.join(', ')}` } : {}),
    }
  },
}

/** A name with a dot is the application's own, and some keep a key there for their functions to read. */
function shownValue(name: string, value: string): string {
  return name.includes('.') ? '…' : value
}

/** The one that counts of each: for the role in this database, for the role, for the database, for everybody. */
async function readSettings(reader: Reader): Promise<Setting[]> {
  const { rows } = await reader.query(`
    SELECT DISTINCT ON (name) name, value, role, database
      FROM (SELECT pg_catalog.split_part(o.setting, '=', 1) AS name,
                   pg_catalog.substr(o.setting, pg_catalog.strpos(o.setting, '=') + 1) AS value, r.rolname AS role, d.datname AS database
              FROM pg_catalog.pg_db_role_setting s
             CROSS JOIN pg_catalog.unnest(s.setconfig) AS o (setting)
              LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
              LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
             WHERE (s.setrole = 0 OR r.rolname = session_user)
               AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())) AS one
     ORDER BY name, role IS NOT NULL DESC, database IS NOT NULL DESC`)
  return rows.map(({ name, value, role, database }) => ({
    name: String(name),
    value: String(value),
    setBy: formatPlace(role as string | null, database as string | null),
  }))
}

function formatPlace(role: string | null, database: string | null): string {
  if (role === null && database !== null) return `DATABASE ${quoteIdentifier(database)}`
  const who = role === null ? 'ALL' : quoteIdentifier(role)
  return `ROLE ${who}${database === null ? '' : ` IN DATABASE ${quoteIdentifier(database)}`}`
}

function judge({ name, value, setBy }: Setting, step: CheckContext['step']): Finding[] {
  const known = effects[name]
  if (!known?.hurts(value)) return []
  const reset = `ALTER ${setBy} RESET ${name};`
  return [
    {
      code: productionSettings.code,
      kind: 'health',
      verdict: known.verdict,
      step,
      object: name,
      message: `${name} is ${value} by ALTER ${setBy}: ${known.effect}`,
      hint: 'Reset it for the role of the migrations, or deploy as a role without it.',
      fixSql: name === readOnly ? `BEGIN READ WRITE;\n${reset}\nCOMMIT;` : reset,
    },
  ]
}
