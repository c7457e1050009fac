import type { ForecastFile } from './file.js'
import type { Walk } from './walk.js'

/**
 * Reads where the sequences stand, when a pending statement may take values from them. They are read one by one as
 * relations, under ACCESS SHARE: `pg_sequences` would take ROW EXCLUSIVE on every one.
 */
export async function readSequenceStarts(walk: Walk, files: readonly ForecastFile[]): Promise<void> {
  const mayTake = files.some(({ statements }) =>
    statements.some(({ sql }) => /insert|default|nextval|do\s/i.test(sql)),
  )
  const sequences = walk.catalog.sequences.filter(({ live }) => live !== undefined)
  if (!mayTake || sequences.length === 0) return
  const each = sequences.map(
    ({ live, increment }, i) =>
      `SELECT ${i} AS i, (CASE WHEN is_called THEN last_value + ${increment} ELSE last_value END)::text AS next FROM ${live}`,
  )
  const answer = await walk.ask(each.join(' UNION ALL '))
  for (const { i, next } of (answer?.rows ?? []) as { i: number; next: string }[]) {
    const sequence = sequences[i]
    if (sequence) walk.content.sequenceStarts.set(sequence, `${next}::pg_catalog.int8`)
  }
}
