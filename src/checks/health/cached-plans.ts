import type { Finding } from '../../domain/finding.js'
import type { Reader } from '../../domain/reader.js'
import { mayBeSame } from '../../sql/names.js'
import { normalizeSql } from '../../sql/normalize.js'
import { loadParser, parseStatements } from '../../sql/parser.js'
import { returnedColumns } from '../../sql/returned-columns.js'
import { answer } from '../answer.js'
import type { ChangedRowType, Check, CheckContext, ColumnChange } from '../check.js'
import { concernedNotKnown, nameOf } from './concerned-tables.js'
import { formatOwner, isOwnSession, sessionsThat } from './sessions.js'

/** Sessions of one application as one role. */
interface Application {
  readonly application: string | null
  readonly user: string | null
  readonly sessions: number
  /** When the oldest of them connected, in UTC; null where this role may not see it. */
  readonly since: string | null
}

/** A text that a session runs, ran last, or that was counted by pg_stat_statements. */
interface SeenText {
  readonly sql: string
  readonly where: 'pg_stat_activity' | 'pg_stat_statements'
}

/** What was seen, and what was not. */
interface Evidence {
  readonly applications: readonly Application[]
  readonly texts: readonly SeenText[]
  readonly unseen: readonly string[]
}

/**
 * Statements that sessions have prepared, and that return something else once the migrations are applied: the server
 * refuses each of them with "cached plan must not change result type" until its session prepares it anew. What a session
 * has prepared only that session can read, so that who is connected and what was run stand for it:
 * https://www.postgresql.org/docs/current/view-pg-prepared-statements.html
 */
export const cachedPlans: Check = {
  code: 'cached-plan',
  title: 'no session has prepared a statement whose result the migrations change',
  steps: ['check'],
  find: async (reader, context) => {
    const { rowTypes, rowTypesUnknown } = context.concerned ?? {}
    if (rowTypes === undefined) return { findings: [], outcome: 'not-made', note: concernedNotKnown }
    const note = rowTypesUnknown === undefined ? {} : { note: `not known is what ${rowTypesUnknown} changes` }
    if (rowTypes.length === 0) return { findings: [], ...note }
    await loadParser()
    const evidence = await lookAround(reader, rowTypes)
    const findings = rowTypes.flatMap((changed) => findingFor(changed, evidence, context))
    return { findings, ...note }
  },
}

async function lookAround(reader: Reader, rowTypes: readonly ChangedRowType[]): Promise<Evidence> {
  const applications = await readApplications(reader)
  const running = await readRunning(reader)
  const counted = await readCounted(reader, rowTypes)
  const isHidden = (one: SeenText) => one.sql === '<insufficient privilege>'
  const texts = [...running, ...counted.texts]
  return {
    applications,
    texts: texts.filter((one) => !isHidden(one)),
    unseen: [
      'what other sessions have prepared cannot be read',
      ...(texts.some(isHidden) ? ['nor may this role read what other roles run'] : []),
      ...counted.unseen,
    ],
  }
}

/** A client of this database that is not of this run; of a hidden session only its role is known. */
const isClient = `(a.datname = pg_catalog.current_database() AND NOT ${isOwnSession}
  AND (a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL)))`

async function readApplications(reader: Reader): Promise<Application[]> {
  const { rows } = await reader.query(
    `SELECT a.application_name AS application, a.usename AS user, pg_catalog.count(*)::int AS sessions,
            pg_catalog.to_char(pg_catalog.min(a.backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') AS since
       FROM pg_catalog.pg_stat_activity a WHERE ${isClient} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
  )
  return rows as unknown as Application[]
}

async function readRunning(reader: Reader): Promise<SeenText[]> {
  const { rows } = await reader.query(
    `SELECT DISTINCT a.query AS sql FROM pg_catalog.pg_stat_activity a WHERE ${isClient} AND a.query <> '' ORDER BY 1`,
  )
  return rows.map(({ sql }) => ({ sql: String(sql), where: 'pg_stat_activity' }))
}

/** What was called most comes first; below that nobody would read on. */
const readCalls = 500

/** Nothing where the extension is not installed; the view fails where the server has not loaded its library. */
async function readCounted(
  reader: Reader,
  rowTypes: readonly ChangedRowType[],
): Promise<{ readonly texts: SeenText[]; readonly unseen: string[] }> {
  const { rows: installed } = await reader.query(
    `SELECT pg_catalog.quote_ident(n.nspname) AS schema FROM pg_catalog.pg_extension e
       JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
  )
  const schema = installed[0]?.schema
  if (schema === undefined) return { texts: [], unseen: [] }
  const read = await answer(reader, () =>
    reader.query(
      `SELECT s.query AS sql FROM ${schema}.pg_stat_statements s
        WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
          AND (s.query = '<insufficient privilege>' OR EXISTS (
                SELECT FROM pg_catalog.json_array_elements_text($1::json) AS t (name)
                 WHERE pg_catalog.strpos(pg_catalog.lower(s.query), pg_catalog.lower(t.name)) > 0))
        ORDER BY s.calls DESC LIMIT ${readCalls}`,
      [JSON.stringify(rowTypes.map(({ name }) => name))],
    ),
  )
  if ('error' in read) return { texts: [], unseen: ['pg_stat_statements could not be read'] }
  return {
    texts: read.rows.map(({ sql }) => ({ sql: String(sql), where: 'pg_stat_statements' })),
    unseen: [],
  }
}

function findingFor(
  changed: ChangedRowType,
  { applications, texts, unseen }: Evidence,
  context: CheckContext,
): Finding[] {
  const seen = new Map<string, SeenText['where']>()
  for (const { sql, where } of texts) {
    for (const text of breakingStatements(sql, changed)) if (!seen.has(text)) seen.set(text, where)
  }
  if (applications.length === 0 && seen.size === 0) return []
  const name = nameOf(changed, context)
  const parts = [
    `"${name}" ${list(changesOf(changed))}: prepared statements that return ${whatBreaks(changed)} fail from then on with "cached plan must not change result type"`,
    ...(applications.length > 0 ? [formatApplications(applications)] : ['no other session is connected now']),
    ...(seen.size > 0 ? [formatStatements(seen)] : ['no such statement was seen']),
    unseen.join(', '),
  ]
  return [
    {
      code: cachedPlans.code,
      kind: 'health',
      verdict: 'warn',
      step: context.step,
      object: name,
      message: parts.join('; '),
      hint: 'Recycle the connection pools right after the deploy (restart them, or DEALLOCATE ALL in each session), and list columns instead of *. Prisma Client names its columns, so that only raw queries are concerned, and columns of another type.',
    },
  ]
}

/** The statements of a text, without their values, that return what changes. */
export function breakingStatements(sql: string, changed: ChangedRowType): string[] {
  const parsed = parseStatements(sql)
  // The server keeps the beginning of a long text only.
  if ('problem' in parsed) return []
  return parsed.statements
    .filter(({ kind, node }) => returnedColumns({ [kind]: node }).some((one) => breaks(one, changed)))
    .map((statement) => normalizeSql(statement))
}

function breaks(
  { table, column }: ReturnType<typeof returnedColumns>[number],
  { schema, name, changes, isReplaced }: ChangedRowType,
): boolean {
  if (!mayBeSame(table, { schema, name })) return false
  if (column === '') return isReplaced
  return (
    (column === '*' && changes.length > 0) ||
    changes.some((change) => change.kind === 'retyped' && change.column === column)
  )
}

function changesOf({ changes, isReplaced }: ChangedRowType): string[] {
  return [...(isReplaced ? ['is made anew'] : []), ...changes.map(formatChange)]
}

function whatBreaks({ changes }: ChangedRowType): string {
  if (changes.length === 0) return 'a whole row as one value'
  const retyped = changes.filter(({ kind }) => kind === 'retyped').map(({ column }) => `"${column}"`)
  return ['all of its columns (*)', ...(retyped.length > 0 ? [`or ${list(retyped)}`] : [])].join(' ')
}

function formatChange({ kind, column, to }: ColumnChange): string {
  switch (kind) {
    case 'added':
      return `gains "${column}"`
    case 'dropped':
      return `loses "${column}"`
    case 'renamed':
      return `renames "${column}" to "${to}"`
    case 'retyped':
      return `changes the type of "${column}"`
    case 'moved':
      return `changes the order of its columns`
  }
}

const shown = 3

function list(words: readonly string[]): string {
  const more = words.length - shown
  return [...words.slice(0, shown), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function formatApplications(applications: readonly Application[]): string {
  return list(
    applications.map(
      (one) =>
        `${sessionsThat(one.sessions, 'is', 'are')} connected of ${formatOwner(one)}${one.since === null ? '' : `, the oldest since ${one.since} UTC`}`,
    ),
  )
}

function formatStatements(seen: ReadonlyMap<string, SeenText['where']>): string {
  return `seen: ${list([...seen].map(([text, where]) => `${text} (${where})`))}`
}
