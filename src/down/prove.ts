import type { DownProof } from '../domain/down.js'
import { diffCatalogObjects } from '../postgres/catalog-fingerprint/diff.js'
import type { Client } from '../postgres/connection.js'
import { runScript } from '../prisma/engine-host/run-script.js'
import { readState } from './catalog-state.js'
import type { Walked } from './take-back.js'

/**
 * Runs the down script and the migration once more, on the database where it has run.
 * @param texts of both files
 */
export async function proveDown(
  client: Client,
  { before, after }: Walked,
  texts: { readonly up: string; readonly down: string },
  home: string,
): Promise<DownProof> {
  const downFails = await failureOf(client, texts.down)
  if (downFails !== undefined) return { downFails, differences: [], again: [] }
  const differences = diffCatalogObjects(before.objects, (await readState(client, home)).objects)
  const againFails = await failureOf(client, texts.up)
  if (againFails !== undefined) return { differences, againFails, again: [] }
  return { differences, again: diffCatalogObjects(after.objects, (await readState(client, home)).objects) }
}

async function failureOf(client: Client, text: string): Promise<string | undefined> {
  let line: number | undefined
  try {
    await runScript(client, text, {
      lockTimeoutMs: 0,
      retries: 0,
      onEvent: (event) => {
        if (event.type === 'statement-failed') line = event.line
      },
    })
    return undefined
  } catch (error) {
    if (!(error instanceof Error && 'severity' in error)) throw error
    return `${line === undefined ? '' : `line ${line}: `}${error.message}`
  }
}
