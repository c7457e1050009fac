import type { ErrorPage } from '../../domain/error-page.js'
import { SettingsError } from '../../domain/errors.js'
import { exitCode } from '../../domain/exit-code.js'
import { formatCodeList, formatCodePage, formatErrorPage } from '../../report/code-page.js'
import { formatJson } from '../../report/words.js'
import { findNearMisses } from '../../settings/near-misses.js'
import { codePages, findCodePage } from '../../steps/code-pages.js'
import { errorGroups, errorPages, findErrorPage } from '../../steps/error-pages.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'

/** Prints the page of a code, of a finding or an error; without one, all codes with their titles. Needs no project and no database. */
export function runExplain(code: string | undefined, flags: Flags): number {
  const asJson = flags.json === true
  if (code === undefined) {
    console.log(
      asJson
        ? formatJson([...codePages, ...errorPages.map(asJsonError)])
        : formatCodeList(codePages, errorGroups),
    )
    return exitCode.passed
  }
  const name = code.trim().toLowerCase()
  const [finding, error] = [findCodePage(name), findErrorPage(name)]
  if (finding) console.log(asJson ? formatJson(finding) : formatCodePage(finding))
  else if (error) console.log(asJson ? formatJson(asJsonError(error)) : formatErrorPage(error))
  else return printError(unknownCode(code), { debug: false })
  return exitCode.passed
}

/** In a list of both kinds, `kind` tells them apart. */
function asJsonError(page: ErrorPage): ErrorPage & { readonly kind: 'error' } {
  return { kind: 'error', ...page }
}

function unknownCode(text: string): SettingsError {
  const codes = [...codePages, ...errorPages].map(({ code }) => code)
  const misspelt = findNearMisses(text, codes, Math.ceil(text.length / 4))
  // Who remembers a word of it writes that.
  const near = misspelt.length > 0 ? misspelt : codesWithWord(text, codes)
  return new SettingsError('unknown-code', `there is no code "${text}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.slice(0, 3).join(', ')}?`
        : 'Run npx migrate-guard explain without a code to see all of them.',
  })
}

/** Also by the beginning of a word: `orphans` finds `orphan-rows`. */
function codesWithWord(text: string, codes: readonly string[]): string[] {
  const words = text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 2)
  const isLike = (word: string, other: string) =>
    other.length > 2 && (word.startsWith(other) || other.startsWith(word))
  return codes.filter((code) => code.split('-').some((part) => words.some((word) => isLike(word, part))))
}
