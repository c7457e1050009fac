import Sequencer from '@jest/test-sequencer'

/** The folders whose files take longest come first, so that no long one is left for a single worker at the end. */
const folders = ['e2e', 'faults', 'hostile', 'prisma', 'forecast', 'postgres', 'checks']
const rankOf = ({ path }) => {
  const rank = folders.findIndex((folder) => path.includes(`/test/${folder}/`))
  return rank === -1 ? folders.length : rank
}

/** Jest's order by the durations of the last run; where it has not recorded any, as in a fresh clone, by folder and size. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests)
    const areRecorded = [...tests].some(({ duration }) => duration !== undefined)
    return areRecorded ? sorted : [...sorted].sort((a, b) => rankOf(a) - rankOf(b))
  }
}
