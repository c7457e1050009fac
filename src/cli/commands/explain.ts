import { SettingsError } from '../../domain/errors.js'
import { exitCode } from '../../domain/exit-code.js'
import { formatCodeList, formatCodePage } from '../../report/code-page.js'
import { formatJson } from '../../report/words.js'
import { findNearMisses } from '../../settings/near-misses.js'
import { codePages, findCodePage } from '../../steps/code-pages.js'
import type { Flags } from '../flags.js'
import { printError } from '../print-error.js'

/** Prints the page of a finding code; without a code, all codes with their titles. Needs no project and no database. */
export function runExplain(code: string | undefined, flags: Flags): number {
  const asJson = flags.json === true
  if (code === undefined) {
    console.log(asJson ? formatJson(codePages) : formatCodeList(codePages))
    return exitCode.passed
  }
  const page = findCodePage(code.trim().toLowerCase())
  if (page === undefined) return printError(unknownCode(code), { debug: false })
  console.log(asJson ? formatJson(page) : formatCodePage(page))
  return exitCode.passed
}

function unknownCode(text: string): SettingsError {
  const codes = codePages.map(({ code }) => code)
  const misspelt = findNearMisses(text, codes, Math.ceil(text.length / 4))
  // Who remembers a word of it writes that.
  const near = misspelt.length > 0 ? misspelt : codesWithWord(text, codes)
  return new SettingsError('unknown-code', `there is no finding code "${text}"`, {
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
