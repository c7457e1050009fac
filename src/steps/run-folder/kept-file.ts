import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Shape } from '../../domain/shape.js'

/** What a file in a run folder holds, or why it does not hold it: a sentence without its subject, the file. */
export type Kept<T> =
  | { readonly value: T; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string }

/**
 * The record of a run on a database of 10,000 tables takes about 30 MB. What is many times that is none, and to read it
 * would end the run for want of memory.
 */
export const maxKeptBytes = 128 * 1024 * 1024

/**
 * Reads a JSON file of a run folder as what it must be: runs are read long after they were written, by another version, and
 * whoever can write the folder has made what is in it.
 * @returns undefined when there is no such file
 */
export async function readKeptJson<T>(path: string, shape: Shape): Promise<Kept<T> | undefined> {
  const kept = await readKeptText(path)
  if (kept === undefined || kept.problem !== undefined) return kept
  return asKeptJson<T>(kept.value, shape)
}

/** The JSON text of such a file. */
export function asKeptJson<T>(content: string, shape: Shape): Kept<T> {
  return asKept<T>(parseJson(content), shape)
}

/** Reads a file with one JSON text a line; of the last one only a part may have been written. */
export async function readKeptLines<T>(path: string, shape: Shape): Promise<Kept<T[]> | undefined> {
  const kept = await readKeptText(path)
  if (kept === undefined || kept.problem !== undefined) return kept
  const lines = kept.value.split('\n')
  lines.pop()
  const values: T[] = []
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const one = asKept<T>(parseJson(line), shape)
    if (one.problem !== undefined) return { problem: `is damaged in line ${index + 1}: ${one.problem}` }
    values.push(one.value)
  }
  return { value: values }
}

/** @returns undefined when there is no such file */
export async function readKeptText(path: string): Promise<Kept<string> | undefined> {
  let file: FileHandle | undefined
  try {
    // A link would read what somebody else chose; a pipe would be waited for for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await file.stat()
    if (!found.isFile()) return { problem: 'is not a file' }
    if (found.size > maxKeptBytes) return { problem: `is larger than ${maxKeptBytes / 1024 / 1024} MB` }
    const bytes = await readAtMost(file, found.size)
    return { value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return { problem: troubles[code ?? ''] ?? `cannot be read: ${message}` }
  } finally {
    await file?.close()
  }
}

/** Not more than it held when it was looked at: a file that grows would be read for ever. */
async function readAtMost(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}

const troubles: Readonly<Record<string, string>> = {
  EACCES: 'cannot be read: permission denied',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'is a link, not a file',
  EMLINK: 'is a link, not a file',
  ENOTDIR: 'cannot be read: a part of its path is not a folder',
  ENXIO: 'is not a file',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
}

/** The engine's own message would quote the file, which may hold anything. */
function parseJson(content: string): Kept<unknown> {
  if (content.trim() === '') return { problem: 'is empty' }
  try {
    return { value: JSON.parse(content) }
  } catch {
    return { problem: 'is not JSON, or not all of it' }
  }
}

function asKept<T>(parsed: Kept<unknown>, shape: Shape): Kept<T> {
  if (parsed.problem !== undefined) return parsed
  const problem = shape(parsed.value, '')
  return problem === undefined
    ? { value: parsed.value as T }
    : { problem: `is not what a run writes: ${problem}` }
}
