import { formatCodeIndexMarkdown, formatCodePageMarkdown, formatErrorsMarkdown } from '../report/code-page.js'
import { codePages } from './code-pages.js'
import { errorGroups } from './error-pages.js'

/** The files of docs/checks, by name: a page for each finding code, and the index. */
export function makeCodeDocs(): Record<string, string> {
  return {
    'README.md': formatCodeIndexMarkdown(codePages),
    ...Object.fromEntries(codePages.map((page) => [`${page.code}.md`, formatCodePageMarkdown(page)])),
  }
}

/** The text of docs/errors.md. */
export function makeErrorDocs(): string {
  return formatErrorsMarkdown(errorGroups)
}
