import { expect, test } from '@jest/globals'
import { readSessionOptions } from '../../../src/settings/session-options.js'

test.each([
  [undefined, []],
  ['-c a=b', [['a', 'b']]],
  [
    '-ca=b --Lock-Timeout=1s',
    [
      ['a', 'b'],
      ['lock_timeout', '1s'],
    ],
  ],
  [String.raw`-c a=x\ y\\z -c a=last`, [['a', 'last']]],
  [String.raw`-c a=x\ y`, [['a', 'x y']]],
  ['-c a= -e', [['a', '']]],
  ['-c -c a', []],
])('%s sets %j', (options, parameters) => {
  expect([...readSessionOptions(options)]).toEqual(parameters)
})
