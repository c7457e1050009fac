import { expect, test } from '@jest/globals'
import type { OtherSession, Traffic } from '../../../src/domain/traffic.js'
import { adviseOn, formatSession, formatTraffic } from '../../../src/report/traffic-text.js'

const psql: OtherSession = {
  pid: 4711,
  applicationName: 'psql',
  user: 'anna',
  client: '10.0.0.1',
  state: 'idle in transaction',
  transactionAgeMs: 190_000,
  stateAgeMs: 185_000,
}
const prepared = { ...psql, pid: 0, applicationName: 'a prepared transaction' }

test.each([
  [psql, 'pid 4711 (psql, anna@10.0.0.1), idle in transaction for 3 min 5 s'],
  [{ ...psql, client: null }, 'pid 4711 (psql, anna@local), idle in transaction for 3 min 5 s'],
  [{ ...psql, state: null, stateAgeMs: null }, 'pid 4711 (psql, anna@10.0.0.1)'],
  [
    { ...psql, applicationName: '', user: '', state: 'active', query: 'SELECT\n 1' },
    'pid 4711, active for 3 min 5 s: SELECT  1',
  ],
  [{ ...psql, applicationName: '\u001b[31mred', state: null }, 'pid 4711 (red, anna@10.0.0.1)'],
  [prepared, 'a prepared transaction'],
])('%j is said as %s', (session, text) => {
  expect(formatSession(session)).toBe(text)
})

test('what a person can do depends on what the session does', () => {
  expect(adviseOn(psql)).toContain('SELECT pg_terminate_backend(4711)')
  expect(adviseOn({ ...psql, state: 'active' })).toContain('SELECT pg_cancel_backend(4711)')
  expect(adviseOn(prepared)).toContain('ROLLBACK PREPARED')
  expect(adviseOn({ ...psql, applicationName: 'autovacuum worker' })).toContain('gives way by itself')
})

const calm: Traffic = {
  waitedFor: [],
  waitedForCount: 0,
  madeWait: [],
  madeWaitCount: 0,
  gaveWay: 0,
  terminated: [],
}

test('a deploy that met nobody says nothing', () => {
  expect(formatTraffic(calm)).toEqual([])
})

test('whom the deploy met, and what was done about it', () => {
  const wait = {
    session: psql,
    relation: 'public.orders',
    mode: 'ACCESS EXCLUSIVE' as const,
    waitedMs: 1_000,
  }
  const seen = {
    ...calm,
    waitedFor: [wait],
    waitedForCount: 3,
    madeWait: [{ session: { ...psql, state: 'active' }, waitedMs: 40 }],
    madeWaitCount: 1,
    gaveWay: 2,
    terminated: [psql],
    notSeen: 'terminating connection',
  }
  expect(formatTraffic(seen)).toEqual([
    'NOT ALL WAITS WERE SEEN: the watch on other sessions was not there all the time: terminating connection',
    'the deploy waited 1.0 s: pid 4711 (psql, anna@10.0.0.1), idle in transaction for 3 min 5 s; wanted: ACCESS EXCLUSIVE on public.orders',
    '2 more sessions that the deploy waited for',
    'waited for the deploy 40 ms: pid 4711 (psql, anna@10.0.0.1), active for 3 min 5 s',
    'the deploy gave way to others 2 times',
    'ended by --terminate-blockers: pid 4711 (psql, anna@10.0.0.1), idle in transaction for 3 min 5 s',
  ])
})
