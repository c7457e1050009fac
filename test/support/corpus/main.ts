// Tries the corpus and generated chains on a server and prints a table; scripts/forecast.mjs bundles and runs this file.
import { appendFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { corpus } from '../../forecast/corpus/corpus.js'
import { knownWrong } from '../../forecast/corpus/known-wrong.js'
import { casesIn } from './cases.js'
import { type CorpusChain, idOf } from './corpus-chain.js'
import { generatedChain } from './generated.js'
import { finish } from './outside-jest.js'
import { type OwnPlace, placeOn } from './place.js'
import { shrink, signatureOf } from './shrink.js'
import { pasted, Tally } from './table.js'
import { NotAChain, type Tried, tryChain } from './try-chain.js'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    chains: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '60' },
    shrink: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: 'wrong-forecasts.txt' },
    cases: { type: 'string' },
    'no-corpus': { type: 'boolean', default: false },
    known: { type: 'boolean', default: false },
  },
})
const known = new Set(knownWrong)
let until = Date.now() + Number(values.minutes) * 60_000
/** So long a chain is made smaller. */
const shrinkMs = Number(values.shrink) * 1_000

function* chains(): Generator<CorpusChain> {
  if (!values['no-corpus']) yield* corpus
  if (values.cases !== undefined) yield* casesIn(values.cases)
  const [seed, from] = [Number(values.seed), Number(values.from)]
  for (let number = from; number < from + Number(values.chains); number += 1)
    yield generatedChain(seed, number)
}

async function tryAll(place: OwnPlace): Promise<number> {
  const tally = new Tally()
  const seen = new Map<string, number>()
  const broken: string[] = []
  const right: string[] = []
  let [tried, wrong, toldAt] = [0, 0, Date.now()]
  for (const chain of chains()) {
    if (!idOf(chain).includes(values.only) || (values.known && !known.has(idOf(chain)))) continue
    if (Date.now() > until) break
    const outcome = await tryChain(place, chain).catch((error) => {
      broken.push(error instanceof NotAChain ? error.message : `${idOf(chain)}: ${error.stack}`)
    })
    tried += 1
    if (Date.now() > toldAt + 10_000) {
      toldAt = Date.now()
      process.stderr.write(`${tried} tried, ${wrong} wrong without a doubt; now ${idOf(chain)}\n`)
    }
    if (!outcome) continue
    tally.add(outcome)
    if (known.has(idOf(chain)) && outcome.verdict !== 'wrong') right.push(idOf(chain))
    if (outcome.verdict !== 'wrong') continue
    wrong += 1
    await tell(place, outcome, seen)
  }
  process.stdout.write(`\n${tally.format()}\n\n`)
  if (broken.length > 0) process.stdout.write(`not compared:\n${broken.join('\n')}\n\n`)
  if (right.length > 0)
    process.stdout.write(`no longer wrong, to be taken out of known-wrong.ts:\n${right.join('\n')}\n\n`)
  if (Date.now() > until) process.stdout.write('cut short: the time was over, or a signal came\n')
  if (wrong > 0) {
    const kinds = [...seen].sort(([, one], [, other]) => other - one)
    process.stdout.write(
      `${kinds.map(([kind, count]) => `${String(count).padStart(5)} ${kind}`).join('\n')}\n\n`,
    )
    process.stdout.write(`${wrong} wrong ones are in ${values.out}\n`)
  }
  return wrong === 0 ? 0 : 1
}

/** Puts a wrong one into the file; the first of each kind as small as it gets. */
async function tell(place: OwnPlace, outcome: Tried, seen: Map<string, number>): Promise<void> {
  const signatures = [...new Set(outcome.differences.map(signatureOf))]
  const isNew = signatures.some((one) => !seen.has(one))
  for (const one of signatures) seen.set(one, (seen.get(one) ?? 0) + 1)
  const told =
    isNew && shrinkMs > 0 ? await shrink(place, outcome, Math.min(until, Date.now() + shrinkMs)) : outcome
  for (const one of told.differences.map(signatureOf)) if (!seen.has(one)) seen.set(one, 1)
  const text = pasted(told)
  appendFileSync(values.out, `${text}\n\n`)
  if (isNew) process.stderr.write(`${text}\n\n`)
}

// A run that is cancelled says what it has found so far.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    until = 0
  })

writeFileSync(values.out, '')
// Where the forecast asks a twin, it is made on the same server.
process.env.MIGRATE_GUARD_TEST_URL = values.url
const place = await placeOn(values.url)
try {
  process.exitCode = await tryAll(place)
} finally {
  await place.close()
  await finish()
}
