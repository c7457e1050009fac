import { SettingsError } from '../domain/errors.js'

/** A finding that somebody looked at and takes responsibility for. The reason goes into the record and the report. */
export interface Acceptance {
  /** The finding's code, e.g. `drop-column`. */
  readonly code: string
  /** Only the finding about this table, constraint, index or column; without it, every finding with the code. */
  readonly object?: string
  /** Only findings in this migration. */
  readonly migration?: string
  /** Why it is safe; required. */
  readonly reason: string
}

const codePattern = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/

/**
 * Reads `code[:object]=reason` as given to `--accept`. Quotation marks that the shell left around the reason are taken off.
 *
 * @throws SettingsError `invalid-acceptance`
 */
export function parseAcceptance(text: string): Acceptance {
  const [, subject = '', reason = ''] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
  const [, code = '', object] = /^([^:]*)(?::(.*))?$/s.exec(subject) ?? []
  return makeAcceptance(
    { code, reason: reason.replace(/^\s*"(.*)"\s*$/s, '$1'), ...(object === undefined ? {} : { object }) },
    `--accept "${subject}"`,
  )
}

/**
 * The fields of an acceptance, checked, trimmed and frozen. `name` says in the error where they come from.
 *
 * @throws SettingsError `invalid-acceptance`
 */
export function makeAcceptance(fields: Partial<Acceptance>, name: string): Acceptance {
  const code = fields.code?.trim() ?? ''
  const object = fields.object?.trim()
  const migration = fields.migration?.trim()
  const reason = fields.reason?.trim() ?? ''
  if (!codePattern.test(code)) throw invalid(`${name} does not give the code of a finding`)
  if (object === '') throw invalid(`${name} names an empty object`)
  if (migration === '') throw invalid(`${name} names an empty migration`)
  if (reason === '') throw invalid(`${name} has no reason`)
  return Object.freeze({
    code,
    ...(object === undefined ? {} : { object }),
    ...(migration === undefined ? {} : { migration }),
    reason,
  })
}

function invalid(message: string): SettingsError {
  return new SettingsError('invalid-acceptance', message, {
    hint: 'Give the finding\'s code and why it is safe, e.g. --accept drop-column:customers.fax="exported on Monday".',
  })
}
