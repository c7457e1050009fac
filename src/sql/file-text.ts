/** A migration file's bytes as text, or why they are not text that Postgres could run. */
export type FileText = { readonly text: string } | { readonly problem: FileProblem }

export interface FileProblem {
  readonly code: 'byte-order-mark' | 'invalid-utf8' | 'nul-byte' | 'merge-conflict'
  readonly line: number
  readonly message: string
  readonly hint: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes a migration file. Refuses what makes Postgres fail in the middle of a deploy although an editor does not
 * show it: a byte order mark, bytes that are not UTF-8, a NUL, a merge conflict left behind.
 */
export function readFileText(bytes: Uint8Array): FileText {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return problem(
      'byte-order-mark',
      1,
      'the file begins with a byte order mark, which Postgres takes for SQL',
      {
        hint: 'Save the file as UTF-8 without a byte order mark.',
      },
    )
  }
  const nul = bytes.indexOf(0)
  if (nul >= 0) {
    return problem(
      'nul-byte',
      lineOfByte(bytes, nul),
      'the file holds a NUL byte, at which Postgres stops reading',
      {
        hint: 'Save the file as UTF-8 text; it may have been written as UTF-16.',
      },
    )
  }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return problem(
      'invalid-utf8',
      lineOfByte(bytes, firstInvalidByte(bytes)),
      'the file is not valid UTF-8',
      {
        hint: 'Save the file as UTF-8.',
      },
    )
  }
  const conflict = /^(<{7}|>{7}) /m.exec(text)
  if (conflict) {
    return problem(
      'merge-conflict',
      lineAt(text, conflict.index),
      'the file holds an unresolved merge conflict',
      {
        hint: 'Resolve the conflict and commit the file again.',
      },
    )
  }
  return { text }
}

/** 1-based line of a character offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

function problem(
  code: FileProblem['code'],
  line: number,
  message: string,
  { hint }: { hint: string },
): { problem: FileProblem } {
  return { problem: { code, line, message, hint } }
}

function lineOfByte(bytes: Uint8Array, offset: number): number {
  return bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1
}

/** The decoder does not say where it failed: halve until the first bad byte is found. */
function firstInvalidByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true })
      good = middle
    } catch {
      bad = middle
    }
  }
  return good
}
