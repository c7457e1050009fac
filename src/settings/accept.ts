import { type Acceptance, findingCodePattern } from '../domain/acceptance.js'
import { SettingsError } from '../domain/errors.js'
import { givenSubject } from './given-value.js'

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
    givenSubject('--accept', subject),
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
  if (!findingCodePattern.test(code)) throw invalid(`${name} does not give the code of a finding`)
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
