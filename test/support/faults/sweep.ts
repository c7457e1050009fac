import { alreadyTried, shuffled, type Tried, tally } from '../../faults/measured/tally.js'

/** One thing to try; gives what was wrong, for the guard or for a bare Prisma. */
export interface Try {
  readonly name: string
  readonly subject: Tried['subject']
  run(): Promise<readonly string[]>
}

/**
 * Tries them, two at a time, notes each in the table, and shows how far it is. In a mixed order: what is tried when a run is
 * cut short is a fair part of it.
 * @throws Error with everything that the guard did wrong
 */
export async function sweep(group: Tried['group'], tries: readonly Try[], width = 2): Promise<void> {
  const done = alreadyTried(group)
  const left = shuffled(tries.filter(({ name, subject }) => !done.has(`${subject}: ${name}`)))
  const count = left.length
  const wrongs: string[] = []
  const started = Date.now()
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one; one = left.shift()) {
      const { name, subject } = one
      const wrong = await one.run().catch((error: Error) => [String(error.stack)])
      try {
        tally({
          group,
          subject,
          name,
          right: wrong.length === 0,
          ...(wrong.length ? { wrong: wrong.join('; ') } : {}),
        })
      } catch (error) {
        wrongs.push((error as Error).message)
      }
      const tried = count - left.length
      if (tried % 20 === 0)
        process.stderr.write(
          `${group}: ${tried} of ${count}, ${Math.round((Date.now() - started) / 1000)} s\n`,
        )
    }
  }
  await Promise.all(Array.from({ length: width }, next))
  if (wrongs.length > 0) throw new Error(`${wrongs.length} of ${count} wrong:\n${wrongs.join('\n')}`)
}
