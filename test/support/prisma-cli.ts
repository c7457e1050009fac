import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { makePrismaCli, type PrismaCall, type PrismaCli } from '../../dist/prisma/cli.js'
import { findPrismaProject } from '../../dist/prisma/project.js'
import { parseDatabaseUrl } from '../../dist/settings/database-url.js'
import { hostPath, makeFolder } from './engine-host.js'
import type { Project } from './project.js'

/** Prisma's CLI as the guard runs it. */
export async function guardedPrisma(project: Project, databaseUrl: string): Promise<PrismaCli> {
  const scratchFolder = await makeFolder()
  return makePrismaCli({
    project: await findPrismaProject({
      directory: project.directory,
      configPath: project.configPath,
    }),
    address: parseDatabaseUrl(databaseUrl, 'the URL'),
    engine: 'hosted',
    scratchFolder,
  })
}

/** A call of the guard's, with the fields that a test does not care about. */
export function callOf(args: readonly string[], fields: Partial<PrismaCall> = {}): PrismaCall {
  return { effect: 'test.prisma', arguments: args, applicationName: 'guard test', readOnly: false, ...fields }
}

export interface BareResult {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** `PRISMA_SCHEMA_ENGINE_BINARY=… prisma …`, without the guard. The environment is only what is given here. */
export async function barePrisma(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<BareResult> {
  const home = join(await makeFolder(), 'home')
  await mkdir(home)
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [join(project.directory, 'node_modules/prisma/build/index.js'), ...args],
    {
      reject: false,
      extendEnv: false,
      cwd: project.directory,
      // An empty home: no engine that was downloaded once is found there.
      env: {
        PATH: process.env.PATH,
        HOME: home,
        PRISMA_SCHEMA_ENGINE_BINARY: hostPath,
        PRISMA_QUERY_ENGINE_LIBRARY: hostPath,
        CHECKPOINT_DISABLE: '1',
        NO_COLOR: '1',
        ...env,
      },
    },
  )
  return { exitCode, stdout, stderr }
}
