import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { makeFolders, makePrivateFolder } from '../../../src/effects/private-files.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guard-test-folders-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('makes what is missing, for this account alone, by several at once too', async () => {
  const path = join(folder, 'a/b/c')
  await Promise.all([makeFolders(path), makeFolders(path), makeFolders(join(folder, 'a/b'))])
  await makeFolders(path)
  for (const made of ['a', 'a/b', 'a/b/c']) expect((await stat(join(folder, made))).mode & 0o777).toBe(0o700)
})

test('does not bring back the folder that it would stand in', async () => {
  await expect(makePrivateFolder(join(folder, 'gone/inside'))).rejects.toMatchObject({ code: 'ENOENT' })
  await makePrivateFolder(join(folder, 'inside'))
  await makePrivateFolder(join(folder, 'inside'))
})

test('ends with the error of the system where there can be none', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(makeFolders(file)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolders(join(file, 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  // Where the system calls the folder missing that is to be made, as below /proc, Node's own way never ends.
  if (process.platform === 'linux')
    await expect(makeFolders('/proc/guard/below')).rejects.toMatchObject({ code: 'ENOENT' })
})
