import { exitCodeWords } from '../report/exit-code-words.js'

/** What follows the list of commands in --help. */
export const helpFooter = `
Examples:
  migrate-guard deploy --dry-run      everything but the deploy
  migrate-guard deploy                the guarded upgrade; asks before it changes anything
  migrate-guard verify                audit the database afterwards
  migrate-guard plan --offline        what the files alone tell, e.g. in a pull request
  migrate-guard explain <code>        what a finding means and what to do about it

Exit codes, below 20 nothing was changed on the target:
${Object.entries(exitCodeWords)
  .map(([code, words]) => `  ${code.padStart(2)}  ${words}`)
  .join('\n')}
`
