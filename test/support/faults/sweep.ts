import { type Tried, tally } from '../../faults/measured/tally.js'

/** One thing to try; gives what was wrong, for the guard or for a bare Prisma. */
export interface Try {
  readonly name: string
  readonly subject: Tried['subject']
  run(): Promise<readonly string[]>
}

/**
 * Tries them, two at a time, notes each in the table, and shows how far it is.
 * @throws Error with everything that the guard did wrong
 */
export async function sweep(group: Tried['group'], tries: readonly Try[], width = 2): Promise<void> {
  const left = [...tries]
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
      const done = tries.length - left.length
      if (done % 20 === 0)
        process.stderr.write(
          `${group}: ${done} of ${tries.length}, ${Math.round((Date.now() - started) / 1000)} s\n`,
        )
    }
  }
  await Promise.all(Array.from({ length: width }, next))
  if (wrongs.length > 0) throw new Error(`${wrongs.length} of ${tries.length} wrong:\n${wrongs.join('\n')}`)
}
