import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TableLineage } from '../../domain/lineage.js'
import type { Plan } from '../../domain/plan.js'
import type { Rehearsal, RehearsalEvidence } from '../../domain/rehearsal.js'
import { canonicalJson } from '../../postgres/catalog-fingerprint/canonical-json.js'
import { readKeptText } from '../run-folder/kept-file.js'

/** What a rehearsal leaves in its run folder, in this order; the last ones not with every engine and every file. */
const evidenceFiles = [
  'plan.json',
  'manifest.json',
  'catalog.json',
  'rehearsed-catalog.json',
  'rehearsal-events.ndjson',
  'rehearsed-steps.json',
]

/** What of a run the hash goes over beside its files. */
export interface Sealed {
  readonly runId: string
  readonly plan: Plan
  readonly rehearsal: Rehearsal
  readonly lineage: readonly TableLineage[]
}

/**
 * One hash over the whole of what a rehearsal has shown: its result, the plan, the manifest of the backup, and every file
 * that it left. It shows an accident and a record of which a part was forged. Whoever may write the run folder can forge all
 * of it: against that only a hash helps that came another way, behind the run id in `--rehearsed`.
 */
export async function sealRehearsal(sealed: Sealed, runFolder: string): Promise<RehearsalEvidence> {
  const files = []
  for (const path of evidenceFiles) {
    if (!existsSync(join(runFolder, path))) continue
    files.push({ path, sha256: await hashOf(join(runFolder, path)) })
  }
  return { sha256: hashOfAll(sealed, files), files }
}

/** Why the evidence does not stand for this rehearsal: a part of a sentence; undefined when it does. */
export async function findBrokenSeal(sealed: Sealed, runFolder: string): Promise<string | undefined> {
  const { evidence } = sealed.rehearsal
  if (evidence === undefined) return 'it has kept no hash of its evidence'
  const kept = new Map(evidence.files.map(({ path, sha256 }) => [path, sha256]))
  for (const path of evidenceFiles) {
    const isThere = existsSync(join(runFolder, path))
    if (!isThere && !kept.has(path)) continue
    const found = isThere ? await hashOf(join(runFolder, path)).catch(() => undefined) : undefined
    if (found === undefined || found !== kept.get(path)) return `its ${path} is not the one that it wrote`
  }
  if (hashOfAll(sealed, evidence.files) !== evidence.sha256)
    return 'its record is not the one that it wrote: the hash of its evidence is another'
  return undefined
}

function hashOfAll({ runId, plan, rehearsal, lineage }: Sealed, files: RehearsalEvidence['files']): string {
  const { evidence: _, ...result } = rehearsal
  // As it is read again: without what JSON does not keep.
  const named = JSON.parse(JSON.stringify({ runId, plan, result, lineage, files }))
  return createHash('sha256').update(canonicalJson(named)).digest('hex')
}

/** @throws Error when it cannot be read */
async function hashOf(path: string): Promise<string> {
  const kept = await readKeptText(path)
  if (kept?.value === undefined) throw new Error(`${path} ${kept?.problem ?? 'is missing'}`)
  return createHash('sha256').update(kept.value).digest('hex')
}
