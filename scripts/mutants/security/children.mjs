// What a child finds in its environment.
const children = 'hostile/child-environments'
const ofPrisma = 'what a deploy leaves'

/** Names of variables that Prisma does not get, taken out of the pattern. */
const keptForPrisma = (kind, pattern) => ({
  name: `leaves Prisma the variables ${kind}`,
  file: 'prisma/cli.ts',
  find: pattern,
  put: 'NOTHING',
  tests: { 'hostile/accounts': ofPrisma },
})

const wholeEnvironment = (who, file, tests) => ({
  name: `leaves ${who} the whole environment`,
  file,
  find: '    extendEnv: false,\n',
  put: '    extendEnv: true,\n',
  tests,
})

export const mutants = [
  keptForPrisma('NODE_*', 'NODE_(?!ENV$|EXTRA_CA_CERTS$).*'),
  keptForPrisma('DEBUG and JITI_*', 'DEBUG|JITI_.*'),
  keptForPrisma('PG*', 'PG.*|SHADOW_DATABASE_URL'),
  keptForPrisma('PRISMA_*', 'PRISMA_.*|RUST_LOG'),
  keptForPrisma('MIGRATE_GUARD_*', 'MIGRATE_GUARD_(?!EFFECT_OBSERVER$).*'),
  {
    name: 'gives Prisma a URL with the password',
    file: 'prisma/cli.ts',
    find: ': urlWithoutPassword(address)\n',
    put: ': urlWithPassword(address) || urlWithoutPassword(address)\n',
    tests: { 'hostile/accounts': ofPrisma },
  },
  {
    name: "lets Prisma's loader keep its copies",
    file: 'prisma/cli.ts',
    find: "JITI_FS_CACHE: 'false'",
    put: "JITI_FS_CACHE: 'true'",
    tests: { 'hostile/accounts': ofPrisma },
  },
  {
    name: 'leaves the programs of Postgres and git the whole environment',
    file: 'effects/child-environment.ts',
    find: '(anyProgram.test(name) || also?.test(name))',
    put: "(anyProgram.test(name) || also?.test(name) || name !== '')",
    tests: { [children]: '.', 'postgres/client-environment': "settings of the user's shell" },
  },
  {
    name: 'leaves programs that need nothing special the whole environment',
    file: 'effects/run-process.ts',
    find: 'env: request.environment ?? childEnvironment()',
    put: 'env: request.environment ?? { ...process.env, ...childEnvironment() }',
    tests: { [children]: '.' },
  },
  {
    name: 'gives pg_dump the password of the target in a variable',
    file: 'postgres/client-environment.ts',
    find: 'return { ...inherited, PGPASSFILE: file }',
    put: 'return { ...inherited, PGPASSFILE: file, PGPASSWORD: password }',
    tests: { [children]: '.' },
  },
  wholeEnvironment('the server of a rehearsal and its initdb', 'postgres/throw-away-program.ts', {
    [children]: '.',
    'hostile/server-of-our-own': '.',
  }),
  wholeEnvironment('the watch over the server', 'postgres/throw-away-watch.ts', {
    'hostile/server-of-our-own': '.',
  }),
  wholeEnvironment("the program that removes the server's directory", 'postgres/throw-away-place.ts', {
    [children]: '.',
  }),
  {
    name: 'lets PGSSLMODE decide how pg_dump connects',
    file: 'postgres/client-environment.ts',
    find: "    sslmode: 'prefer',\n",
    put: '',
    tests: { 'postgres/client-environment': "settings of the user's shell" },
  },
  {
    name: 'asks a server of its own by variables about another one',
    file: 'postgres/throw-away-cluster.ts',
    find: '    ssl: false,\n',
    put: '',
    tests: { 'postgres/throw-away-cluster': 'variables that are about another server' },
  },
]
