/** The part of a qualified name behind the last dot that does not stand in quotes; quoted where the name has it quoted. */
export function lastPartOf(name: string): string {
  return /(?:"(?:[^"]|"")*"|[^."]*)$/.exec(name)?.[0] ?? ''
}
