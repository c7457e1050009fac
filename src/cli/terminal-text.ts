import { paint } from './paint.js'
import { steersNothing } from './printable.js'
import { wrap } from './wrap.js'

/**
 * A text as it goes to a stream: clean, and on a terminal as wide as that is and in colour. FORCE_COLOR and NO_COLOR are
 * honoured.
 */
export function terminalText(text: string, stream: NodeJS.WriteStream): string {
  const clean = steersNothing(text)
  return paint(stream.isTTY ? wrap(clean, stream.columns ?? 80) : clean, stream)
}
