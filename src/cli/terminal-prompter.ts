import type { Prompter } from '../domain/screen.js'

/** Asks on the terminal; inquirer is loaded only when there is somebody to ask. */
export const terminalPrompter: Prompter = {
  interactive: Boolean(process.stdin.isTTY && process.stdout.isTTY),

  confirm: async (message, signal) => {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({ signal })
    const { answer } = await prompt([{ type: 'confirm', name: 'answer', message, default: false }])
    return answer as boolean
  },

  type: async (message, signal) => {
    const { default: inquirer } = await import('inquirer')
    const prompt = inquirer.createPromptModule({ signal })
    const { answer } = await prompt([{ type: 'input', name: 'answer', message: `${message}:` }])
    return answer as string
  },
}
