import type { CatalogDifference } from '../../domain/catalog-object.js'

/** Of a value that is longer, only the part is shown where it begins to differ. */
const shownLength = 80
/** So much of what is the same stands before it. */
const commonLength = 20

/** One line in the field's words: `column public.orders.total: type numeric(10,2) → numeric(12,2)`. */
export function formatCatalogDifference({ kind, name, change, properties = [] }: CatalogDifference): string {
  const object = oneLine(kind === 'database' ? 'the database' : `${kind} ${name}`)
  if (change === 'removed') return `${object} is missing`
  if (change === 'added') return `${object} is new`
  const changes = properties.map(
    ({ property, before, after }) => `${property} ${formatChange(before, after)}`,
  )
  return `${object}: ${changes.join('; ')}`
}

function formatChange(before: unknown, after: unknown): string {
  if (Array.isArray(before) || Array.isArray(after)) {
    const [old, now] = [asTexts(before), asTexts(after)]
    const removed = old.filter((entry) => !now.includes(entry)).map((entry) => `without ${entry}`)
    const added = now.filter((entry) => !old.includes(entry)).map((entry) => `with ${entry}`)
    if (removed.length + added.length > 0) return [...removed, ...added].join(', ')
  }
  const [old, now] = [asText(before), asText(after)]
  if (old === now) return 'differs only in white space'
  const common = commonStart(old, now)
  return `${excerpt(old, common)} → ${excerpt(now, common)}`
}

function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asText) : []
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(asText).join(', ')
  return oneLine(String(value))
}

/** No name or comment may break the line, or send control characters to a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
}

function commonStart(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

function excerpt(text: string, common: number): string {
  if (text.length <= shownLength) return text
  const from = Math.max(0, Math.min(common, text.length) - commonLength)
  const shown = text.slice(from, from + shownLength)
  return `${from > 0 ? '…' : ''}${shown}${from + shownLength < text.length ? '…' : ''}`
}
