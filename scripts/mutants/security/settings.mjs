// What the files of a project may do to the guard that reads them.
export const mutants = [
  {
    name: 'takes a settings file that ends the program for success',
    file: 'cli/main.ts',
    find: '  process.exitCode = code ?? printEndedFromWithin()\n',
    put: "  if (argv[0] === '') process.exitCode = code ?? printEndedFromWithin()\n",
    tests: { 'hostile/odd-settings': 'is no success' },
  },
]
