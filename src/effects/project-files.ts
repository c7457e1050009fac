import { randomBytes } from 'node:crypto'
import { chmod, open, rename, rm, stat } from 'node:fs/promises'
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
