import { parsePlPgSQLSync } from 'libpg-query'
import type { Node } from '../../sql/parser.js'
import { NotFollowed } from '../casts.js'
import type { Walk } from '../walk.js'
import { BlockRun, type FollowStatement } from './run.js'

export type { Followed } from './run.js'

/** DO $$ … $$: read by Postgres' own parser of PL/pgSQL, and run step by step over the future contents. */
export async function followBlock(walk: Walk, node: Node, follow: FollowStatement): Promise<void> {
  const options: Node[] = (node.args ?? []).map(({ DefElem }: Node) => DefElem)
  const language = options.find(({ defname }) => defname === 'language')?.arg?.String?.sval ?? 'plpgsql'
  const code: string = options.find(({ defname }) => defname === 'as')?.arg?.String?.sval ?? ''
  if (language !== 'plpgsql') throw new NotFollowed(`a DO block in ${language}`)
  const { datums, action } = parseBlock(code)
  await new BlockRun(walk, follow).run(datums, action)
}

function parseBlock(code: string): { datums: Node[]; action: Node } {
  try {
    const quote = '$migrate_guard$'
    const { plpgsql_funcs } = parsePlPgSQLSync(`DO ${quote}${code}${quote}`) as unknown as {
      plpgsql_funcs: Node[]
    }
    const { datums, action } = plpgsql_funcs[0]?.PLpgSQL_function ?? {}
    return { datums, action: action.PLpgSQL_stmt_block }
  } catch (error) {
    throw new NotFollowed(`a DO block is not read: ${(error as Error).message}`)
  }
}
