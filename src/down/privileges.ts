import { literal } from './renames.js'
import { oneWay, type Step } from './step.js'

interface Entry {
  readonly grantee: string
  readonly privileges: readonly string[]
}

/**
 * Gives back what was granted.
 * @param object as GRANT names it: `ON TABLE orders`
 * @param column of a column: its name, which stands behind each privilege
 */
export function privilegesBack(before: unknown, now: unknown, object: string, column?: string): Step[] {
  return changesOf(before, now).map(({ verb, privileges, grantee, option }) => {
    const of = column === undefined ? privileges : privileges.map((one) => `${one} (${column})`)
    return oneWay(grantText(verb, of, object, grantee, option))
  })
}

/**
 * The same for ALTER DEFAULT PRIVILEGES.
 * @param name as the catalog fingerprint names them: `of postgres in schema public on tables`
 */
export function defaultPrivilegesBack(name: string, before: unknown, now: unknown): Step[] {
  const [, role, schema, kind] = /^of (.*?)(?: in schema (.*))? on ([a-z ]+)$/s.exec(name) ?? []
  if (role === undefined || kind === undefined) return []
  const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${role}${schema === undefined ? '' : ` IN SCHEMA ${schema}`}`
  // A row that is not there says what the server grants by default.
  const built = schema === undefined ? builtIn[kind] : undefined
  const given = (entries: unknown) => entries ?? (built === undefined ? [] : [`PUBLIC=${built}/${role}`])
  return changesOf(given(before), given(now))
    .filter(({ grantee }) => grantee !== role)
    .map(({ verb, privileges, grantee, option }) =>
      oneWay(`${head} ${grantText(verb, privileges, `ON ${kind.toUpperCase()}`, grantee, option)}`),
    )
}

/** What everybody may do with new objects: https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGES-SUMMARY-TABLE */
const builtIn: Readonly<Record<string, string>> = { functions: 'EXECUTE', types: 'USAGE' }

interface Change {
  readonly verb: 'GRANT' | 'REVOKE'
  readonly privileges: readonly string[]
  readonly grantee: string
  readonly option: boolean
}

function changesOf(before: unknown, now: unknown): Change[] {
  const [old, present] = [entriesOf(before), entriesOf(now)]
  const grantees = new Set([...old, ...present].map(({ grantee }) => grantee))
  return [...grantees].flatMap((grantee) => {
    const [had, has] = [privilegesOf(old, grantee), privilegesOf(present, grantee)]
    const change = (verb: Change['verb'], list: readonly string[], option: boolean): Change[] =>
      list.length === 0 ? [] : [{ verb, privileges: list.map(plain), grantee, option }]
    const lost = had.filter((one) => !has.includes(one))
    return [
      ...change(
        'REVOKE',
        has.filter((one) => !had.includes(one)),
        false,
      ),
      ...change(
        'GRANT',
        lost.filter((one) => !one.endsWith('*')),
        false,
      ),
      ...change(
        'GRANT',
        lost.filter((one) => one.endsWith('*')),
        true,
      ),
    ]
  })
}

function grantText(
  verb: Change['verb'],
  privileges: readonly string[],
  object: string,
  grantee: string,
  option: boolean,
): string {
  const to = verb === 'GRANT' ? 'TO' : 'FROM'
  return `${verb} ${privileges.join(', ')} ${object} ${to} ${grantee}${option ? ' WITH GRANT OPTION' : ''}`
}

/** `reader=SELECT, UPDATE star/owner`, where a star stands for the right to grant it on. */
function entriesOf(value: unknown): Entry[] {
  return (Array.isArray(value) ? value : []).flatMap((entry: string) => {
    const [, grantee, list] = /^(.*)=([A-Z ,*]+)\/.*$/s.exec(entry) ?? []
    return grantee === undefined || list === undefined ? [] : [{ grantee, privileges: list.split(', ') }]
  })
}

function privilegesOf(entries: readonly Entry[], grantee: string): string[] {
  return entries.filter((one) => one.grantee === grantee).flatMap(({ privileges }) => [...privileges])
}

function plain(privilege: string): string {
  return privilege.replace('*', '')
}

/** A comment as it was; NULL takes it away. */
export function commentBack(object: string, before: unknown): Step {
  return oneWay(`COMMENT ON ${object} IS ${typeof before === 'string' ? literal(before) : 'NULL'}`)
}
