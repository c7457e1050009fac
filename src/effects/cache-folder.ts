import { stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { effect } from './effect.js'
import { makeFolders, reasonNotPrivate } from './private-files.js'

/**
 * The folder of this account for what can be made again and takes long, by the rules of
 * https://specifications.freedesktop.org/basedir-spec/latest/: below XDG_CACHE_HOME, or below `.cache` in the home folder.
 * @returns undefined where there is none that only this account can write to
 */
export async function openCacheFolder(
  name: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const { XDG_CACHE_HOME: named = '' } = environment
  const base = isAbsolute(named) ? named : join(homedir(), '.cache')
  const ours = join(base, 'migrate-guard')
  try {
    const folder = join(ours, name)
    await effect('cache.make', () => makeFolders(folder))
    for (const one of [ours, folder]) if ((await reasonNotPrivate(one)) !== undefined) return undefined
    return (await isSafeBelow(base)) ? folder : undefined
  } catch {
    return undefined
  }
}

/** Nobody but root and this account can exchange what the path leads through. */
async function isSafeBelow(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid } = await stat(path)
    const isSticky = (mode & 0o1000) !== 0
    if (uid !== 0 && uid !== process.getuid?.()) return false
    if ((mode & 0o022) !== 0 && !isSticky) return false
    if (path === dirname(path)) return true
  }
}
