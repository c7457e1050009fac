import { existsSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface ProcessEntry {
  readonly processId: number
  readonly parentId: number
  readonly command: string
}

/** All processes of this machine that can be seen, from /proc. */
export async function readProcesses(): Promise<ProcessEntry[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(
    ids.map(async (id) => {
      try {
        const [stat, command] = await Promise.all([
          readFile(`/proc/${id}/stat`, 'utf8'),
          readFile(`/proc/${id}/cmdline`, 'utf8'),
        ])
        // The name of the program stands in parentheses and may hold anything; the parent comes after it and the state.
        const parentId = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        // One that has ended and that nobody has waited for has no command line any more.
        if (command === '') return []
        return [{ processId: Number(id), parentId, command: command.replaceAll('\0', ' ') }]
      } catch {
        // It ended meanwhile.
        return []
      }
    }),
  )
  return entries.flat()
}

/** The processes that this one has started, and those that they have started. */
export function descendantsOf(processId: number, entries: readonly ProcessEntry[]): ProcessEntry[] {
  const children = entries.filter(({ parentId }) => parentId === processId)
  return children.flatMap((child) => [child, ...descendantsOf(child.processId, entries)])
}

/**
 * Command lines of the processes that work in the folder, or have it in their environment or arguments; only where there
 * is /proc. The guard's children work where it does.
 */
export async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = []
  for (const id of existsSync('/proc/self') ? await readdir('/proc') : []) {
    if (!/^\d+$/.test(id)) continue
    const read = (name: string) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')
    const command = await read('cmdline')
    const place = await readlink(`/proc/${id}/cwd`).catch(() => '')
    if (command && [command, place, await read('environ')].some((text) => text.includes(directory)))
      found.push(command.replaceAll('\0', ' ').trim())
  }
  return found
}
