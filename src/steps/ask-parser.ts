import type { PendingMigration, Statement } from '../domain/migration.js'
import type { TargetIdentity } from '../domain/target.js'
import type { TargetRefusal } from '../domain/target-refusal.js'
import type { Client } from '../postgres/connection.js'
import { askMeaning, findUnreadable, hasFunction } from '../postgres/target-parser.js'
import { findUnknownSettings } from '../postgres/unknown-settings.js'
import { codeTextsOf } from '../sql/code-texts.js'
import { newerNumberOf } from '../sql/newer-numbers.js'
import { newerOptionOf } from '../sql/newer-options.js'
import { newerWordsOf, unknownWordStates } from '../sql/newer-words.js'
import type { ParsedStatement } from '../sql/parser.js'
import { settingsSetBy } from '../sql/settings-set.js'

/**
 * Marks the statements that the target's server cannot read, because it is older than our own parser or newer. The server
 * is asked, and runs nothing of them.
 * @param trees the statements of each migration, in the order of `pending`
 * @param client outside a transaction
 */
export async function markUnreadable(
  pending: readonly PendingMigration[],
  trees: readonly (readonly ParsedStatement[])[],
  client: Client,
  { serverVersionNum }: Pick<TargetIdentity, 'serverVersionNum'>,
): Promise<readonly PendingMigration[]> {
  const statements = trees.flat()
  const texts = await readTexts(statements, client)
  const words = await readWords(statements, client)
  const settings = new Set(await findUnknownSettings(client, [...new Set(statements.flatMap(settingsSetBy))]))
  const refusalOf = (tree: ParsedStatement): TargetRefusal | undefined => {
    const [unknown] = settingsSetBy(tree).filter((name) => settings.has(name))
    return (
      texts.refusalOf(tree) ??
      words(tree) ??
      newerOptionOf(tree, serverVersionNum) ??
      (unknown === undefined ? undefined : unknownSetting(unknown)) ??
      (serverVersionNum < 150_000 ? misreadNumber(newerNumberOf(tree)) : undefined)
    )
  }
  return pending.map((migration, at) => ({
    ...migration,
    statements: migration.statements.map((statement, i): Statement => {
      const tree = trees[at]?.[i]
      const refusal = tree && refusalOf(tree)
      const refusedCommands = tree ? texts.refusedCommandsOf(tree) : []
      return {
        ...statement,
        ...(refusal ? { refusal } : {}),
        ...(refusedCommands.length > 0 ? { refusedCommands } : {}),
      }
    }),
  }))
}

function unknownSetting(name: string): TargetRefusal {
  return { sqlstate: '42704', message: `unrecognized configuration parameter "${name}"`, object: name }
}

function misreadNumber(number: string | undefined): TargetRefusal | undefined {
  if (number === undefined) return undefined
  return {
    sqlstate: '00000',
    message: `the server takes ${number} for a shorter number with a name behind it`,
    object: number,
    isMisread: true,
  }
}

interface Texts {
  refusalOf(tree: ParsedStatement): TargetRefusal | undefined
  refusedCommandsOf(tree: ParsedStatement): { readonly sql: string; readonly refusal: TargetRefusal }[]
}

/** The statements, and what they hold as text. */
async function readTexts(statements: readonly ParsedStatement[], client: Client): Promise<Texts> {
  const codes = codesOf(statements)
  const own = statements.map((tree) => [tree.sql, ...(codes.get(tree)?.read ?? [])])
  const executed = statements.map((tree) => codes.get(tree)?.executed ?? [])
  const all = [...new Set([...own.flat(), ...executed.flat()])]
  const found = new Map(
    [...(await findUnreadable(client, all))].map(([place, refusal]) => [all[place] ?? '', refusal]),
  )
  const places = new Map(statements.map((tree, at) => [tree, at]))
  const pick = (lists: readonly (readonly string[])[], tree: ParsedStatement) =>
    lists[places.get(tree) ?? -1]?.filter((sql) => found.has(sql)) ?? []
  return {
    refusalOf: (tree) => found.get(pick(own, tree)[0] ?? ''),
    refusedCommandsOf: (tree) =>
      pick(executed, tree).flatMap((sql) => {
        const refusal = found.get(sql)
        return refusal ? [{ sql, refusal }] : []
      }),
  }
}

/** Where `check_function_bodies` is off, the server leaves the bodies unread. */
function codesOf(statements: readonly ParsedStatement[]) {
  let areRead = true
  const codes = new Map<ParsedStatement, ReturnType<typeof codeTextsOf>>()
  for (const tree of statements) {
    const { kind, node } = tree
    if (kind === 'VariableSetStmt' && node.name === 'check_function_bodies') {
      const [value] = node.args ?? []
      areRead = !/^(off|false|no|0)$/i.test(
        value?.A_Const?.sval?.sval ?? String(value?.A_Const?.ival?.ival ?? ''),
      )
    }
    const { read, executed } = codeTextsOf(tree)
    codes.set(tree, { read: areRead ? read : [], executed })
  }
  return codes
}

/** Each word is asked for once. */
async function readWords(
  statements: readonly ParsedStatement[],
  client: Client,
): Promise<(tree: ParsedStatement) => TargetRefusal | undefined> {
  const made = new Set(
    statements.flatMap(({ kind, node }): string[] =>
      kind === 'CreateFunctionStmt' ? [node.funcname.at(-1).String.sval] : [],
    ),
  )
  const refusals = new Map<string, TargetRefusal | undefined>()
  const words = new Map(statements.map((tree) => [tree, newerWordsOf(tree, made)]))
  for (const { word, question, refusal } of [...words.values()].flat()) {
    if (refusals.has(question)) continue
    const answer = await askMeaning(client, question)
    const isUnknown = answer !== undefined && unknownWordStates.includes(answer.sqlstate)
    const isRefused = isUnknown && !(await hasFunction(client, word))
    refusals.set(question, isRefused ? { ...(refusal ?? answer), object: word } : undefined)
  }
  return (tree) =>
    (words.get(tree) ?? []).map(({ question }) => refusals.get(question)).find((one) => one !== undefined)
}
