/**
 * Looks again and again: never twice at once, and one that fails says nothing.
 * @returns the function that ends it
 */
export function poll(everyMs: number, look: () => Promise<void>): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    void look()
      .catch(() => undefined)
      .finally(() => {
        busy = false
      })
  }, everyMs)
  return () => clearInterval(timer)
}
