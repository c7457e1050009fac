// What drift, baseline and squashed histories rest on.
const existing = 'e2e/existing-databases'
const compares = 'what differs|only the first files|a hotfix by hand'
const squashed = 'files squashed into one'
const compare = 'steps/drift/compare-catalogs.ts'
const onlyByEngine = {
  file: 'steps/drift/adopting-sql.ts',
  find: "  if (byServer !== '') {\n",
  put: "  if (byServer === 'never') {\n",
}

export const mutants = [
  {
    name: 'compares a database with itself when it looks for drift',
    file: compare,
    find: '  const differences = diffCatalogObjects(made, found)\n',
    put: '  const differences = diffCatalogObjects(made.length > 0 ? found : made, found)\n',
    tests: { [existing]: compares },
  },
  {
    name: 'takes the database for what the migrations make',
    file: compare,
    find: '  const differences = diffCatalogObjects(made, found)\n',
    put: '  const differences = diffCatalogObjects(found, made)\n',
    tests: { [existing]: compares },
  },
  {
    name: 'takes every change of an object for upkeep',
    file: compare,
    find: 'properties.every(({ property }) => upkeep.test(property))',
    put: "properties.every(({ property }) => upkeep.test(property) || property !== '')",
    tests: { [existing]: 'what differs' },
  },
  {
    name: 'takes functions and views for parts of something else',
    file: 'steps/drift/parts.ts',
    find: '    default:\n      return false\n',
    put: "    case 'function':\n    case 'view':\n      return true\n    default:\n      return false\n",
    tests: { [existing]: 'a hotfix by hand' },
  },
  {
    name: 'tells the parts of a new table one by one',
    file: 'steps/drift/parts.ts',
    find: ' => whole !== undefined && names.has(',
    put: " => whole === '' && names.has(",
    tests: { [existing]: 'what differs' },
  },
  {
    name: 'blocks for schemas that no migration touches',
    file: compare,
    find: "one.change === 'added' && !touched.has(placeOf(one))",
    put: "one.name === '' && !touched.has(placeOf(one))",
    tests: { [existing]: 'what differs' },
  },
  {
    name: "adopts only what Prisma's engine can write",
    ...onlyByEngine,
    tests: { [existing]: 'a hotfix by hand' },
  },
  {
    name: 'says that its adopting migration leaves nothing, whatever it leaves',
    edits: [
      onlyByEngine,
      {
        file: 'steps/drift/adopting-sql.ts',
        find: '...rest.map(messageOf)]',
        put: '...rest.slice(999).map(messageOf)]',
      },
    ],
    tests: { [existing]: 'a hotfix by hand' },
  },
  {
    name: 'does not look after which file the database fits',
    file: 'steps/drift/find-drift.ts',
    find: '      fitsUpTo = name\n',
    put: "      fitsUpTo = name === '' ? name : undefined\n",
    tests: { [existing]: 'only the first files' },
  },
  {
    name: 'marks a baseline in parts',
    file: 'prisma/mark-applied.ts',
    find: "await client.query('BEGIN')",
    put: "await client.query('SELECT 1')",
    tests: { [existing]: 'killed between two marks' },
  },
  {
    name: 'takes squashed files for missing ones before the squash is marked',
    file: 'prisma/pending.ts',
    find: '  if (others.length === 0) return undefined\n',
    put: '  if (others.length >= 0) return undefined\n',
    tests: { [existing]: squashed },
  },
  {
    name: 'takes squashed files for missing ones after the squash is marked',
    file: 'prisma/pending.ts',
    find: '  if (oldest === undefined) return []\n',
    put: "  if (oldest?.migrationName !== '') return []\n",
    tests: { [existing]: squashed },
  },
  {
    name: 'lets a squash that is not marked run',
    file: 'prisma/pending.ts',
    find: "    verdict: 'block',\n    step: 'plan',\n    migration: squash.name,",
    put: "    verdict: 'warn',\n    step: 'plan',\n    migration: squash.name,",
    tests: { [existing]: squashed },
  },
  {
    name: 'advises to mark another migration than the squash',
    file: 'prisma/pending.ts',
    // The text of a template.
    find: ['npx migrate-guard baseline --to ', '{squash.name}.'].join('$'),
    put: ['npx migrate-guard baseline --to ', '{rows[0].migrationName}.'].join('$'),
    tests: { [existing]: squashed },
  },
]
