import { expect, test } from '@jest/globals'
import { takeDeployLock } from '../../src/postgres/deploy-lock.js'
import { addressOf } from '../support/address.js'
import { useOwnServer } from '../support/own-server.js'
import { createTestDatabase } from '../support/test-database.js'

useOwnServer({})

test('whoever waits for the deploy lock waits on through a restart of the server', async () => {
  const database = await createTestDatabase()
  const first = await takeDeployLock(addressOf(database), 'first')
  const waiting = takeDeployLock(addressOf(database), 'second', { waitMs: 30_000 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  // A killed session makes the server end all the others and start anew.
  process.kill(first.pid, 'SIGKILL')
  const second = await waiting
  expect(await first.isHeld()).toBe(false)
  expect(await second.isHeld()).toBe(true)
  await first.release()
  await second.release()
})

test('a session that does not answer is not held, and is given up', async () => {
  const database = await createTestDatabase()
  const lock = await takeDeployLock(addressOf(database), 'first')
  // As if the wire swallowed everything.
  process.kill(lock.pid, 'SIGSTOP')
  try {
    // Neither waits for an answer, which does not come while this is so.
    expect(await lock.isHeld()).toBe(false)
    await lock.release()
  } finally {
    process.kill(lock.pid, 'SIGCONT')
  }
})
