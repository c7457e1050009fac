import { type ConcernedTables, outcomeOf } from '../checks/check.js'
import type { FutureTables } from '../checks/future.js'
import type { CheckResult, Finding } from '../domain/finding.js'
import type { TableLineage } from '../domain/lineage.js'
import type { LockGroup } from '../domain/lock-group.js'
import type { Plan } from '../domain/plan.js'
import type { Prediction } from '../domain/prediction.js'
import type { Reader } from '../domain/reader.js'
import { concernedTables } from '../forecast/concerned.js'
import { outcomeFindings, predictionsOf, unjudged } from '../forecast/findings.js'
import { type Forecast, makeForecast } from '../forecast/forecast.js'
import { ownErrorReason } from '../forecast/own-error.js'
import { loadParser } from '../sql/parser.js'
import { forecastFiles, takeReadable } from './readable-files.js'
import { notJudged, type ReadyTwin } from './schema-twin.js'
import type { Tools } from './tools.js'

/** What the pending migrations will meet in the live rows, as the check step reports it. */
export interface ForecastReport {
  readonly results: readonly CheckResult[]
  readonly findings: readonly Finding[]
  readonly predictions: Readonly<Record<string, Prediction>>
  readonly future?: FutureTables
  readonly concerned?: ConcernedTables
  readonly lineage?: readonly TableLineage[]
  /** What to lock up front, by the name of the migration. */
  readonly lockFirst: ReadonlyMap<string, readonly LockGroup[]>
}

/**
 * Holds every pending statement against the rows that it will meet. The readers are inside the run's snapshot.
 * @param making waited for when the target has been asked what there is
 */
export async function forecastPending(
  plan: Plan,
  readers: readonly [Reader, ...Reader[]],
  { settings, screen }: Tools,
  making: Promise<ReadyTwin>,
): Promise<ForecastReport> {
  if (plan.pending.length === 0) return { results: [], findings: [], predictions: {}, lockFirst: new Map() }
  await loadParser()
  const forecast = await makeForecast(
    forecastFiles(plan),
    readers,
    settings.target.schema,
    screen.progress,
    making.then(({ seen }) => seen),
  )
  const { seen, whyNot } = await making
  if (settings.debug) for (const trace of ownTraces(forecast)) screen.print(trace)
  const [first, ...others] = unjudged(forecast)
  const why = seen ? first?.reason : whyNot
  const outcome = [
    ...outcomeFindings(forecast),
    ...(first && why !== undefined ? [notJudged(why, [first, ...others])] : []),
  ]
  return {
    results: [
      {
        id: 'pending-statements',
        title: 'the live rows allow every pending statement',
        outcome: outcomeOf(outcome),
        note: `${forecast.holds} demands on the rows were asked and hold`,
      },
      ...(first && why === undefined ? [notAsked] : []),
      {
        id: 'existing-data',
        title: 'no pending statement destroys data that is there',
        outcome: outcomeOf(forecast.losses),
      },
      {
        id: 'foreign-keys-kept',
        title: 'no pending statement leaves a reference that leads nowhere',
        outcome: outcomeOf(forecast.damage),
      },
      {
        id: 'locks',
        title: 'no pending statement makes the application wait for long',
        outcome: outcomeOf(forecast.lockFindings),
      },
    ],
    findings: [...outcome, ...forecast.losses, ...forecast.damage, ...forecast.lockFindings],
    ...(forecast.future ? { future: forecast.future } : {}),
    concerned: concernedTables(forecast.lockClaims, forecast.rowTypes),
    lineage: forecast.lineage,
    lockFirst: forecast.lockFirst,
    predictions: predictionsOf(
      forecast,
      takeReadable(plan).map(({ name }) => name),
    ),
  }
}

/** Without a twin by choice no file is said to succeed, and nothing is held against it. */
const notAsked: CheckResult = {
  id: 'server-refusals',
  title: 'the server refuses no pending statement whatever the rows',
  outcome: 'not-made',
  note: 'the statements run on no schema twin: it is off',
}

/** Of errors of our own that have left a statement to the rehearsal. */
function ownTraces({ doubts }: Pick<Forecast, 'doubts'>): string[] {
  return doubts.flatMap(({ place, ownError }) =>
    ownError
      ? [`${place.file}, line ${place.line}: ${ownErrorReason(ownError)}\n${ownError.stack ?? ''}`]
      : [],
  )
}
