import { join, relative } from 'node:path'
import type { Finding } from '../domain/finding.js'

/** What a git ref tells of the migrations folder. */
export interface Since {
  isNew(migration: string): boolean
  /** Migrations that were there and are not what they were: whoever plans only the new ones would not see them. */
  readonly findings: readonly Finding[]
}

/** Compares the migrations folder with what it held at a git ref. */
export async function readSince(
  ref: string,
  { migrationsPath, projectDirectory }: { migrationsPath: string; projectDirectory: string },
): Promise<Since> {
  // What starts programs is loaded only when one is to be started: it takes longer than a whole offline plan may.
  const { readFolderAtCommit } = await import('../effects/git.js')
  const { folders, changed } = await readFolderAtCommit(migrationsPath, ref)
  return {
    isNew: (migration) => !folders.has(migration),
    findings: changed.flatMap(({ path, removed }): Finding[] => {
      const [, migration] = /^([^/]+)\/migration\.sql$/.exec(path) ?? []
      if (migration === undefined) return []
      return [
        {
          code: 'changed-migration',
          kind: 'history',
          verdict: 'warn',
          step: 'plan',
          migration,
          object: migration,
          file: relative(projectDirectory, join(migrationsPath, path)),
          message: `migration "${migration}" was there at ${ref} and has been ${removed ? 'removed' : 'edited'} since`,
          hint: 'Restore it, unless it was never applied anywhere, and put the change into a new migration.',
        },
      ]
    }),
  }
}
