import { healthPages } from '../checks/health/pages.js'
import { checkPages } from '../checks/pages.js'
import type { CodePage } from '../domain/code-page.js'
import { lockPages } from '../forecast/locks/pages.js'
import { lossPages } from '../forecast/loss/pages.js'
import { forecastPages } from '../forecast/pages.js'
import { refusalPages } from '../forecast/refusal-pages.js'
import { historyPages } from '../prisma/pages.js'
import { filePages } from '../sql/pages.js'
import { stepPages } from './pages.js'

/** The page of every finding code, in alphabetical order. */
export const codePages: readonly CodePage[] = [
  ...filePages,
  ...historyPages,
  ...checkPages,
  ...healthPages,
  ...forecastPages,
  ...lossPages,
  ...lockPages,
  ...refusalPages,
  ...stepPages,
].sort((a, b) => (a.code < b.code ? -1 : 1))

export function findCodePage(code: string): CodePage | undefined {
  return codePages.find((page) => page.code === code)
}
