/** Chains in which something is said without a doubt and is not so, until a schema twin says what DDL does. */
export const knownWrong: readonly string[] = []
