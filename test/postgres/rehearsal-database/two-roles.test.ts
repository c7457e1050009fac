import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from '@jest/globals'
import { addressOf } from '../../support/address.js'
import { createDatabaseOfEveryKind, createRolesOfEveryKind } from '../../support/every-kind.js'
import { useOwnServer } from '../../support/own-server.js'
import { proveBackup } from '../../support/proven-backup.js'
import { askAs } from '../../support/rehearsal.js'

useOwnServer({ fsync: 'off' })
beforeAll(createRolesOfEveryKind)

test('two roles restore every kind of object exactly as it is', async () => {
  const target = await createDatabaseOfEveryKind()
  await target.query(
    readFileSync(
      fileURLToPath(new URL('../../fixtures/catalog/made-by-superuser.sql', import.meta.url)),
      'utf8',
    ),
  )
  await proveBackup(addressOf(target), { place: 'local' }, async (copy, { findings, backupLevel }) => {
    expect(findings.map(({ message }) => message)).toEqual([])
    expect(backupLevel).toBe('exact')
    // Only the one that initdb made is superuser, and it owns nothing of the target's.
    expect(await askAs(copy.ownerAddress, 'SELECT rolname FROM pg_roles WHERE rolsuper')).toEqual([
      'migrate_guard_maker',
    ])
  })
})
