import { describe, expect, test } from '@jest/globals'
import { withoutValues } from '../../../src/domain/quoted-values.js'
import { raisedPlace } from '../../../src/domain/raised.js'
import { cpuMsOf } from '../../support/cpu-time.js'

const at = (routine: string) => `PL/pgSQL function ${routine} line 4 at RAISE\nSQL statement "SELECT 1"`
const raise = (message: string, where = at('settle(integer)')) =>
  ({ code: 'P0001', routine: 'exec_stmt_raise', message, where }) as const
const shownAs = (message: string, ...formats: string[][]) =>
  withoutValues(
    raise(message),
    formats.map((parts) => ({ message: parts })),
  ).message

describe('where it was raised', () => {
  test.each([
    ['settle(integer)', { name: 'settle', routine: 'settle(integer)', line: 4 }],
    ['app.settle()', { schema: 'app', name: 'settle', routine: 'app.settle()', line: 4 }],
    ['"a.b"."c ""d(e)"(x."y z")', { schema: 'a.b', name: 'c "d(e)', line: 4 }],
    ['inline_code_block', { line: 4 }],
  ])('%s', (routine, place) => {
    expect(raisedPlace(at(routine))).toMatchObject(place)
  })

  test.each([
    undefined,
    '',
    'PL/pgSQL function f() line 4 at SQL statement',
    'PL/pgSQL-Funktion f() Zeile 4 bei RAISE',
    'SQL function "f" statement 1\nPL/pgSQL function f() line 4 at RAISE',
    'PL/Perl function "f"',
  ])('not from %s', (where) => {
    expect(raisedPlace(where)).toBeUndefined()
  })
})

describe('a format that explains the message', () => {
  test.each<[message: string, parts: string[], shown: string]>([
    ['customer 400 is gone', ['customer ', ' is gone'], 'customer … is gone'],
    ['customer  is gone', ['customer ', ' is gone'], 'customer … is gone'],
    ['a is gone is gone', ['', ' is gone'], '… is gone'],
    ['a, b', ['', ', ', ''], '…, …'],
    ['nothing', ['nothing'], 'nothing'],
    ['aXbXc', ['a', 'b', 'c'], 'a…b…c'],
  ])('%s', (message, parts, shown) => {
    expect(shownAs(message, parts)).toBe(`${shown} (raised by settle(integer), line 4)`)
  })
})

describe('a format that does not', () => {
  test.each<[message: string, formats: string[][]]>([
    ['customer 400 is gone', []],
    ['customer 400 is gone', [['client ', ' is gone']]],
    ['customer 400 is gone', [['customer ', ' is']]],
    ['customer 400 is gone', [['customer 400 is']]],
    // The fixed parts would lie on each other.
    ['abc', [['ab', 'bc']]],
    ['secret', [['', '']]],
    ['a b', [['', ' ', '']]],
    // Which one has said it nobody knows.
    [
      'a secret b',
      [
        ['a ', ''],
        ['', ' b'],
      ],
    ],
    [
      'a secret',
      [
        ['a ', ''],
        ['', ''],
      ],
    ],
  ])('%s, %#', (message, formats) => {
    expect(shownAs(message, ...formats)).toBe(
      'an exception was raised by settle(integer), line 4; its words may hold values, --show-values shows them',
    )
  })
})

test('a detail and a hint are told where they are constants', () => {
  const said = { ...raise('no 1'), detail: 'of the year', hint: 'secret' }
  expect(
    withoutValues(said, [{ message: ['no ', ''], detail: 'of the year', hint: 'another' }]),
  ).toMatchObject({ message: 'no … (raised by settle(integer), line 4)', detail: 'of the year', hint: '…' })
})

test('a long message of a stranger is read in one pass', () => {
  const parts = Array.from({ length: 200 }, () => ' ')
  let shown: unknown
  const cpuMs = cpuMsOf(() => {
    shown = shownAs(`${' '.repeat(19_000)}x`, [...parts, 'y'])
  })
  expect(shown).toContain('its words may hold values')
  expect(cpuMs).toBeLessThan(1_000)
})

describe('who has said it', () => {
  test.each([
    ['another language', { code: 'XX000', where: 'PL/Perl function "f"' }],
    ['another language, with a code', { code: '23505', where: 'PL/Python function "f"' }],
    ['another language inside', { code: 'XX000', where: 'SQL statement "x"\nin PL/Tcl function "f"' }],
    ['a language of others', { code: 'XX000', where: 'f() LINE 2: throw v' }],
  ])('%s: hidden', (_, said) => {
    const { message } = withoutValues({ message: 'a secret', routine: 'elog_impl', ...said })
    expect(message).toBe('an exception was raised; its words may hold values, --show-values shows them')
  })

  test.each([
    ['the server, of SELECT INTO STRICT', { code: 'P0002', routine: 'exec_stmt_execsql' }],
    ['the server', { code: 'XX000', routine: 'simple_heap_update' }],
    [
      'the server, inside PL/pgSQL',
      { code: 'XX000', where: 'PL/pgSQL function f() line 1 at SQL statement' },
    ],
  ])('%s: told', (_, said) => {
    expect(withoutValues({ message: 'no words of others', ...said }).message).toBe('no words of others')
  })
})
