/** The flags of a command as commander gives them; those that were not given are absent. */
export type Flags = Record<string, unknown>
