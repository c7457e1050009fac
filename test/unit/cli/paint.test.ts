import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { paint } from '../../../src/cli/paint.js'

/** What a terminal with sixteen colours says of itself. */
const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth: () => 4 })
const inColour = (text: string) => paint(text, terminal as unknown as NodeJS.WriteStream)

const text = [
  'blocker null-values  a.sql:3',
  '  3 rows hold NULL',
  'deploy    passed   1 of 1 migration applied',
  'passed with warnings: 1 pending migration, not deployed',
  'error: no server answers',
].join('\n')

test('verdicts, outcomes and errors are in colour, and the words are the same', () => {
  const painted = inColour(text)
  expect(painted).toContain('\u001b[31mblocker\u001b[39m')
  expect(painted).toContain('\u001b[32mpassed\u001b[39m')
  expect(painted).toContain('\u001b[33mpassed with warnings\u001b[39m')
  expect(painted).toContain('\u001b[31merror:\u001b[39m')
  expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(text)
})

test('a sentence about a blocker is no blocker', () => {
  const sentence = 'A blocker stops the run.'
  expect(inColour(sentence)).toBe(sentence)
})

test('a file stays plain', () => {
  expect(paint(text, new PassThrough() as unknown as NodeJS.WriteStream)).toBe(text)
})
