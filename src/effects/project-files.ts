import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { effect } from './effect.js'

/**
 * Writes a file of the user's project, which whoever may read the folder may read too: into a new file beside it first, then
 * renamed, so that nobody sees half of it, whatever happens.
 */
export async function writeProjectFile(path: string, content: string): Promise<void> {
  const folder = dirname(path)
  await effect('project.write', async () => {
    const partial = join(folder, `.${randomBytes(6).toString('hex')}.partial`)
    try {
      const file = await open(partial, 'wx')
      try {
        await file.writeFile(content)
        await file.sync()
      } finally {
        await file.close()
      }
      // The mode of the folder, without the right to enter it.
      await chmod(partial, (await stat(folder)).mode & 0o666)
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  })
}

/**
 * Makes a folder of the user's project with files in it: under another name first, then renamed, so that it is there whole or
 * not at all. Folders above it are made where they are missing.
 * @param files by name; a name that ends in `/` is an empty folder
 * @throws NodeJS.ErrnoException `ENOTEMPTY`, `EEXIST` where there is one of that name
 */
export async function writeProjectFolder(
  path: string,
  files: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const parent = dirname(path)
  await effect('project.write-folder', async () => {
    const mode = await makeParents(parent)
    const partial = join(parent, `.${randomBytes(6).toString('hex')}.partial`)
    try {
      await makeFolder(partial, mode)
      for (const [name, content] of Object.entries(files)) {
        const inside = join(partial, name)
        if (name.endsWith('/')) await makeFolder(inside, mode)
        else await writeProjectFile(inside, content ?? '')
      }
      await rename(partial, path)
    } catch (error) {
      await rm(partial, { recursive: true, force: true })
      throw error
    }
  })
}

/** Makes what is missing of a path, and gives the mode of the folder that was there. */
async function makeParents(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (found) return found.mode & 0o777
  if (dirname(path) === path) return 0o755
  const mode = await makeParents(dirname(path))
  await makeFolder(path, mode)
  return mode
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path)
  await chmod(path, mode)
}
