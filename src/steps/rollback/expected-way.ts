import type { CatalogDifference } from '../../domain/catalog-object.js'
import { GuardError, InterruptedError } from '../../domain/errors.js'
import { readCatalog } from '../../postgres/catalog.js'
import { runScript } from '../../prisma/engine-host/run-script.js'
import { readFolders, withReplayedFolders } from '../down/replay-folders.js'
import { wayOf } from './catalog-way.js'
import type { ChosenRollback } from './choose.js'

/**
 * What the way back must do to the catalog: the difference between what the migrations make with those that leave and without.
 * @returns why not, in words, where the migrations cannot be replayed on a server of our own
 */
export async function expectedWay({
  staying,
  leaving,
}: ChosenRollback): Promise<{ readonly way: readonly CatalogDifference[] } | { readonly whyNot: string }> {
  try {
    const [before, after] = [await readFolders(staying), await readFolders(leaving)]
    return await withReplayedFolders(before, { also: after }, async ({ client }) => {
      const without = (await readCatalog(client)).objects
      for (const { text } of after)
        await runScript(client, text, { lockTimeoutMs: 0, retries: 0, onEvent: () => undefined })
      return { way: wayOf((await readCatalog(client)).objects, without) }
    })
  } catch (error) {
    if (error instanceof InterruptedError) throw error
    if (error instanceof GuardError || (error instanceof Error && 'severity' in error))
      return { whyNot: error.message }
    throw error
  }
}
