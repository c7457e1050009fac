import { expect, test } from '@jest/globals'
import { olderReleaseReason } from '../../src/postgres/older-release.js'

test.each([
  ['15.18', '15.20 (Debian 15.20-0+deb12u1)', /does not restore/],
  ['17.10', '15.20', /does not restore/],
  ['15.20', '15.20', undefined],
  ['15.21', '15.20', undefined],
  ['18.7', '15.20', undefined],
  ['15.16', '15.18', /corrections/],
  ['15.18', '14.23', undefined],
  ['15.18', '15.18', undefined],
  ['18beta1', '15.20', undefined],
  ['15.20', '15.22', /corrections/],
])('tools of %s beside a server of %s', (tool, server, reason) => {
  const found = olderReleaseReason(tool, server)
  if (reason === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(reason)
})
