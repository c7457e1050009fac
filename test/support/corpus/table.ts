import { idOf } from './corpus-chain.js'
import type { DifferenceKind, Tried } from './try-chain.js'

const kinds: readonly DifferenceKind[] = [
  'end',
  'sqlstate',
  'catalog',
  'rows',
  'locks',
  'locks of code',
  'rewrites',
  'scans',
  'losses',
  'crash',
]

/** Counts what was tried, by source, without keeping the chains. */
export class Tally {
  readonly #rows = new Map<string, Record<string, number>>()

  add(tried: Tried): void {
    const { chain, verdict, differences, statements, end } = tried
    for (const source of [chain.source, 'all']) {
      const row = this.#rows.get(source) ?? {}
      this.#rows.set(source, row)
      const count = (name: string, by = 1) => {
        row[name] = (row[name] ?? 0) + by
      }
      count('tried')
      count('statements', statements)
      if (end) count('failing')
      count(verdict)
      if (verdict === 'wrong') for (const kind of new Set(differences.map((one) => one.kind))) count(kind)
    }
  }

  /** A table of Markdown: a row for each source, the last one for all. A wrong chain may be of several kinds. */
  format(): string {
    const head = ['source', 'tried', 'statements', 'really fail', 'wrong without a doubt', 'doubts', ...kinds]
    const body = [...this.#rows]
      .sort(([one], [other]) => Number(one === 'all') - Number(other === 'all'))
      .map(([source, row]) => [
        source,
        ...['tried', 'statements', 'failing', 'wrong', 'doubt', ...kinds].map((name) =>
          String(row[name] ?? 0),
        ),
      ])
    const widths = head.map((title, i) =>
      Math.max(title.length, ...body.map((cells) => cells[i]?.length ?? 0)),
    )
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
    return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
  }
}

/** A chain as a row that can be pasted into a file of the corpus, with what was found. */
export function pasted({ chain, differences, doubts, verdict }: Tried): string {
  const { name, setup, pending } = chain
  return [
    `// ${verdict}: ${idOf(chain)}`,
    ...differences.slice(0, 12).map(({ kind, text }) => `//   ${kind}: ${text.replaceAll('\n', ' ')}`),
    ...doubts.slice(0, 3).map((reason) => `//   doubt: ${reason}`),
    `[${JSON.stringify(name)}, [${pending.map(literal).join(', ')}], ${literal(setup)}],`,
  ].join('\n')
}

function literal(text: string): string {
  return `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\``
}
