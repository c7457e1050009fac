import { describe, expect, test } from '@jest/globals'
import { SettingsError } from '../../../src/domain/errors.js'
import { makeAcceptance, parseAcceptance } from '../../../src/settings/accept.js'

const hint =
  'Give the finding\'s code and why it is safe, e.g. --accept drop-column:customers.fax="exported on Monday".'

describe('an acceptance', () => {
  test.each([
    ['drop-column=exported', { code: 'drop-column', reason: 'exported' }],
    ['drop-column="exported on Monday"', { code: 'drop-column', reason: 'exported on Monday' }],
    [' drop-column = exported ', { code: 'drop-column', reason: 'exported' }],
    ['drop-column:customers.fax=a=b: c', { code: 'drop-column', object: 'customers.fax', reason: 'a=b: c' }],
    ['orphans:sales:orders=old', { code: 'orphans', object: 'sales:orders', reason: 'old' }],
    ['null-values=he said "go"', { code: 'null-values', reason: 'he said "go"' }],
  ])('%s is read', (text, acceptance) => {
    expect(parseAcceptance(text)).toEqual(acceptance)
    expect(Object.isFrozen(parseAcceptance(text))).toBe(true)
  })

  test.each([
    ['drop-column', '--accept "drop-column" has no reason'],
    ['drop-column=', '--accept "drop-column" has no reason'],
    ['drop-column:customers.fax="  "', '--accept "drop-column:customers.fax" has no reason'],
    ['drop-column:=exported', '--accept "drop-column:" names an empty object'],
    ['', '--accept "" does not give the code of a finding'],
    ['=exported', '--accept "" does not give the code of a finding'],
    [':customers=exported', '--accept ":customers" does not give the code of a finding'],
    ['Drop Column=exported', '--accept "Drop Column" does not give the code of a finding'],
  ])('"%s" is refused', (text, message) => {
    expect(() => parseAcceptance(text)).toThrow(SettingsError)
    expect(() => parseAcceptance(text)).toThrow(
      expect.objectContaining({ code: 'invalid-acceptance', message, hint }),
    )
  })

  test.each([
    [{}, 'accept[0] does not give the code of a finding'],
    [{ code: 'drop-column' }, 'accept[0] has no reason'],
    [{ code: 'drop-column', migration: ' ', reason: 'exported' }, 'accept[0] names an empty migration'],
  ])('from the configuration file, %j, is refused', (fields, message) => {
    expect(() => makeAcceptance(fields, 'accept[0]')).toThrow(expect.objectContaining({ message }))
  })

  test('from the configuration file may be for one migration', () => {
    const fields = { code: 'drop-column', object: 'customers.fax', migration: '2026_fax', reason: 'exported' }
    expect(makeAcceptance(fields, 'accept[0]')).toEqual(fields)
  })
})
