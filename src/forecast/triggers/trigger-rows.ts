/** The name, in a statement of a trigger function, of the rows that come to it. */
export const triggerRows = '~rows'
