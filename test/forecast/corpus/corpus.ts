import { chainsOf, type CorpusChain } from '../../support/corpus/corpus-chain.js'
import { blocks } from '../chains/blocks.js'
import { columns } from '../chains/columns.js'
import { files } from '../chains/files.js'
import { constraints } from '../chains/keys.js'
import { names } from '../chains/names.js'
import { queries } from '../chains/queries.js'
import { rows } from '../chains/rows.js'
import { types } from '../chains/types.js'

/** Every statement and chain of the forecast's tests, and those that show its known faults. */
export const corpus: readonly CorpusChain[] = [
  ...Object.entries({ columns, constraints, rows, types, queries, names, blocks, files }).flatMap(
    ([name, chains]) => chainsOf(name, chains),
  ),
]
