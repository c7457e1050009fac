import { exitCodeWords } from '../report/exit-code-words.js'

/** What follows the list of commands in --help. */
export const helpFooter = `
Examples:
  migrate-guard deploy --dry-run      everything but the deploy
  migrate-guard deploy                the guarded upgrade; asks before it changes anything
  migrate-guard verify                audit the database afterwards

Exit codes, below 20 nothing was changed on the target:
${Object.entries(exitCodeWords)
  .map(([code, words]) => `  ${code.padStart(2)}  ${words}`)
  .join('\n')}
`
