import type { RunRecord } from '../domain/run-record.js'
import type { Block } from './blocks.js'
import { formatTitle, makeSections } from './text.js'
import { clean, cleanLines } from './words.js'

/** The whole run record as Markdown, for report.md and for a comment on a pull request. */
export function formatMarkdownReport(record: RunRecord): string {
  const sections = makeSections(record).map(({ title, blocks }) =>
    [`## ${title}`, ...blocks.map(formatBlock)].join('\n\n'),
  )
  return `${[`# ${escapeMarkdown(formatTitle(record))}`, ...sections].join('\n\n')}\n`
}

function formatBlock(block: Block): string {
  switch (block.kind) {
    case 'sentence':
      return escapeMarkdown(block.text)
    case 'loud':
      return `> **${escapeMarkdown(block.text)}**`
    case 'facts':
      return formatTable(['', ''], block.facts)
    case 'list':
      return block.items.map((item) => `- ${escapeMarkdown(item)}`).join('\n')
    case 'table':
      return formatTable(block.head, block.rows)
    case 'verbatim':
      return formatFence(cleanLines(block.text).join('\n'))
  }
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows.map((row) => row.map(escapeMarkdown))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const htmlEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** A name cannot become markup: no HTML, no heading, no cell of its own. `_` inside a word means nothing and stays. */
function escapeMarkdown(text: string): string {
  return clean(text)
    .replace(/[\\`*[\]|~]|(?<!\w)_|_(?!\w)/g, '\\$&')
    .replace(/^[#+=-]/, '\\$&')
    .replace(/[&<>]/g, (character) => htmlEntities[character] ?? '')
}

/** A fence that is longer than any row of backticks in the text, so that the text cannot close it. */
function formatFence(text: string): string {
  const rows = text.match(/`+/g) ?? []
  const fence = '`'.repeat(rows.reduce((longest, row) => Math.max(longest, row.length), 2) + 1)
  return `${fence}text\n${text}\n${fence}`
}
