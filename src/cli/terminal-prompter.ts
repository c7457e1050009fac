import type { Prompter } from '../domain/screen.js'
import { clean } from '../report/words.js'
import { terminalText } from './terminal-text.js'

/** Asks on standard error, so that standard output stays the report's; inquirer is loaded only when there is somebody to ask. */
export const terminalPrompter: Prompter = {
  interactive: Boolean(process.stdin.isTTY && process.stderr.isTTY),

  show: (text) => console.error(terminalText(text, process.stderr)),

  confirm: async (message, signal) => {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({ signal, output: process.stderr })
    const { answer } = await prompt([
      { type: 'confirm', name: 'answer', message: clean(message), default: false },
    ])
    return answer as boolean
  },

  type: async (message, signal) => {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({ signal, output: process.stderr })
    const { answer } = await prompt([{ type: 'input', name: 'answer', message: `${clean(message)}:` }])
    return answer as string
  },
}
