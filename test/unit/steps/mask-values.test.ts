import { expect, test } from '@jest/globals'
import type { Finding } from '../../../src/domain/finding.js'
import { maskValues } from '../../../src/steps/mask-values.js'

const finding: Finding = {
  code: 'declared-check',
  kind: 'custom',
  verdict: 'block',
  step: 'check',
  message: 'm',
  evidence: {
    count: 1,
    samples: [
      {
        id: '9007199254740993',
        ids: '[1, 2]',
        uuid: '0f8fad5b-d9cb-469f-a165-70867728950e',
        none: null,
        email: 'ann@example.com',
        born: '1979-03-01',
        emoji: '🙂 x',
        empty: '',
      },
    ],
  },
}

test('what could be personal is masked, what only names a row is not', () => {
  expect(maskValues([finding], { showValues: false })[0]?.evidence).toEqual({
    count: 1,
    samples: [
      {
        id: '9007199254740993',
        ids: '[1, 2]',
        uuid: '0f8fad5b-d9cb-469f-a165-70867728950e',
        none: null,
        email: 'a…',
        born: '1…',
        emoji: '🙂…',
        empty: '…',
      },
    ],
  })
})

test('values are shown to who asks for them', () => {
  expect(maskValues([finding], { showValues: true })).toEqual([finding])
})
