// What the engine runs when somebody changes the files between the approval and the engine.
const swapped = 'hostile/swapped-files'

export const mutants = [
  {
    name: 'does not hold what Prisma hands over against the plan',
    edits: [
      {
        file: 'prisma/engine-host/main.ts',
        find: '      if (planned) refusing(() => assertAsPlanned(params, planned))',
        put: '      if (planned && params === null) refusing(() => assertAsPlanned(params, planned))',
      },
      {
        file: 'prisma/engine-host/main.ts',
        find: '      if (planned) refusing(() => assertPlannedScript(log.migration(), script, planned))',
        put: "      if (planned && script === '') refusing(() => assertPlannedScript(log.migration(), script, planned))",
      },
    ],
    tests: { [swapped]: 'between the approval and the engine' },
  },
  {
    name: "gives Prisma's own engine the project's folder",
    file: 'steps/run-prisma.ts',
    find: 'copy.path === undefined ? {}',
    put: "copy.path !== '' ? {}",
    tests: { [swapped]: 'an engine that cannot be told the texts' },
  },
  {
    name: "copies for Prisma's own engine what is there",
    file: 'steps/planned-migrations.ts',
    find: '    return { refused: error as NotPlanned }\n',
    put: '    if (folders.length === 0) return { refused: error as NotPlanned }\n',
    tests: { [swapped]: 'what cannot be copied as it was planned' },
  },
  {
    name: 'resolves by whatever the file says now',
    file: 'steps/resolve/migration-file.ts',
    find: 'if (!matchesChecksum(folder, checksum))',
    put: "if (!matchesChecksum(folder, checksum) && checksum === 'none')",
    tests: { [swapped]: 'resolve runs no rest' },
  },
]
