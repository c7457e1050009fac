// What the guard costs: the guarded upgrade of the worked example against the same backup and deploy by hand, both on
// fresh copies of one database, taking turns. Also how quickly the command starts, and how much memory it takes.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkpoint, createDatabase, dropDatabase } from '../crm/databases.mjs'
import { makeOldCrm } from '../crm/old-crm.mjs'
import { addNewMigration } from '../crm/project.mjs'
import { run, runGuard } from '../crm/run.mjs'
import { onStage } from '../crm/stage.mjs'
import { formatFigure, formatSeconds, median } from './figures.mjs'
import { byHand, guarded } from './upgrades.mjs'

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, rounds: { type: 'string', default: '3' } },
})
const scale = Number(values.scale)
const rounds = Number(values.rounds)

const goals = { ratio: 1.5, startupTimes: 1.5, startupMoreMs: 60, memoryMegabytes: 200 }
const startupRounds = 15

await onStage(async (stage) => {
  const figures = []
  const demo = await measureUpgrade(stage, 'demo', scale)
  figures.push(formatFigure('overhead-demo', demo.ratio, goals.ratio))
  const tenfold = await measureUpgrade(stage, 'tenfold', scale * 10)
  figures.push(formatFigure('overhead-tenfold', tenfold.ratio, goals.ratio))
  const { versionMs, nodeMs } = await measureStartup(stage)
  const startupGoalMs = nodeMs * goals.startupTimes + goals.startupMoreMs
  figures.push(formatFigure('version-startup-ms', versionMs, startupGoalMs))
  if (tenfold.peakMegabytes === undefined) console.log('peak memory is not known on this system')
  else figures.push(formatFigure('peak-memory-mb', tenfold.peakMegabytes, goals.memoryMegabytes))
  console.log(`\n${figures.join('\n')}`)
})
// A benchmark tells; it does not judge. Only an interruption is passed on.
if (process.exitCode === 1) process.exitCode = 0

/** Upgrades copies of one CRM, by hand and guarded, and compares the medians. */
async function measureUpgrade(stage, name, size) {
  const project = join(stage.folder, name)
  await mkdir(project)
  const { sizes } = await makeOldCrm({
    ...stage,
    folder: project,
    name,
    scale: size,
    duplicates: false,
  })
  await addNewMigration(project)
  console.log(
    `\n${name}: ${sizes.customers.toLocaleString('en-US')} customers, ${sizes.orders.toLocaleString('en-US')} orders`,
  )
  const times = new Map([
    [byHand, []],
    [guarded, []],
  ])
  const peaks = []
  for (let round = 1; round <= rounds; round++) {
    // Whoever comes second may find the machine warmer, so they take turns at that too.
    for (const way of round % 2 === 1 ? [byHand, guarded] : [guarded, byHand]) {
      const { durationMs, parts, peakMegabytes } = await onCopy(stage, name, (copy) =>
        way.upgrade({ ...stage, url: copy, project }),
      )
      times.get(way).push(durationMs)
      if (peakMegabytes !== undefined) peaks.push(peakMegabytes)
      console.log(`  ${way.words.padEnd(7)} ${formatSeconds(durationMs).padStart(7)}   ${parts}`)
    }
  }
  await dropDatabase(stage.url, name)
  await rm(project, { recursive: true, force: true })
  const [byHandTimes, guardedTimes] = [times.get(byHand), times.get(guarded)]
  const [byHandMs, guardedMs] = [median(byHandTimes), median(guardedTimes)]
  console.log(`  median  ${formatSeconds(byHandMs)} by hand, ${formatSeconds(guardedMs)} guarded`)
  // On a busy machine the fastest of each tells more: others can only make a run slower.
  const [byHandBest, guardedBest] = [Math.min(...byHandTimes), Math.min(...guardedTimes)]
  const bestRatio = (guardedBest / byHandBest).toFixed(2)
  console.log(
    `  fastest ${formatSeconds(byHandBest)} by hand, ${formatSeconds(guardedBest)} guarded: ${bestRatio} times as long`,
  )
  return {
    ratio: guardedMs / byHandMs,
    ...(peaks.length > 0 ? { peakMegabytes: Math.max(...peaks) } : {}),
  }
}

async function onCopy({ url, signal }, template, work) {
  const copy = await createDatabase(url, 'copy', { template })
  try {
    await checkpoint(url)
    return await work(copy)
  } finally {
    if (!signal.aborted) await dropDatabase(url, 'copy')
  }
}

/** `migrate-guard --version` against a Node that does nothing. */
async function measureStartup({ signal }) {
  const times = { version: [], node: [] }
  for (let round = 0; round < startupRounds; round++) {
    times.node.push(await timeOf(() => run(process.execPath, ['-e', '0'], { signal })))
    times.version.push(await timeOf(() => runGuard(['--version'], { signal })))
  }
  const [versionMs, nodeMs] = [median(times.version), median(times.node)]
  console.log(`\nmigrate-guard --version ${versionMs.toFixed(0)} ms, node -e 0 ${nodeMs.toFixed(0)} ms`)
  return { versionMs, nodeMs }
}

async function timeOf(work) {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
