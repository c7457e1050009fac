import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What was planned and approved, for the engine, which runs no other text; a file in the guard's private folder. */
export interface PlannedMigrations {
  /** Name of each pending migration and the sha256 of its file, in hexadecimal digits. */
  readonly pending: readonly (readonly [name: string, sha256: string])[]
  /** Names of those that are applied already; what is in their files is not run. */
  readonly applied: readonly string[]
}

export function readPlanned(path: string | undefined): PlannedMigrations | undefined {
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as PlannedMigrations)
}

/** The engine was asked to run what nobody has approved. It looks like no code of Prisma's, which would explain it away. */
export class NotPlanned extends Error {
  constructor(
    readonly migration: string,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Holds all that Prisma hands to the engine against the plan, before any of it runs. The texts that were looked at are
 * those that run: the engine reads no file by itself.
 * @param params those of the request `applyMigrations`
 * @throws NotPlanned for the first migration that is another one, was added, or is gone
 */
export function assertAsPlanned(params: unknown, { pending, applied }: PlannedMigrations): void {
  const { migrationDirectories = [] } = (params as MigrationsRequest).migrationsList ?? {}
  const wanted = new Map(pending)
  const known = new Set(applied)
  for (const { path: name, migrationFile } of migrationDirectories) {
    const sha256 = wanted.get(name)
    if (sha256 !== undefined) assertText(name, migrationFile?.content?.value, sha256)
    else if (!known.has(name))
      throw new NotPlanned(name, `migration "${name}" was added after the plan was made; nothing was run`)
    wanted.delete(name)
  }
  for (const name of wanted.keys())
    throw new NotPlanned(name, `migration "${name}" was taken away after the plan was made; nothing was run`)
}

/** The same for one file, when it is about to run. @throws NotPlanned */
export function assertPlannedScript(name: string, script: string, { pending }: PlannedMigrations): void {
  assertText(name, script, new Map(pending).get(name))
}

function assertText(name: string, text: string | undefined, sha256: string | undefined): void {
  const found = text === undefined ? undefined : createHash('sha256').update(text, 'utf8').digest('hex')
  if (found === undefined || found !== sha256)
    throw new NotPlanned(
      name,
      `the file of migration "${name}" was changed after the plan was made; it was not run`,
    )
}

/** As Prisma's CLI sends it; a file that it could not read has no text. */
interface MigrationsRequest {
  readonly migrationsList?: {
    readonly migrationDirectories?: readonly {
      readonly path: string
      readonly migrationFile?: { readonly content?: { readonly value?: string } }
    }[]
  }
}
