import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

/** Words that a reader would not use, and the one to write instead; as a pattern, for a word has forms. */
const words: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\bforetell(s|ing)?\b(?!\()/i, 'predict'],
  [/\bforesees?\b|\bforesaw\b/i, 'predict'],
  [/\bhangs? (on|upon)\b/i, 'depends on'],
  [/\blook whether\b/i, 'check whether'],
  [/\btold to stop\b/i, 'cancelled'],
  [/\bin silence\b/i, 'silently'],
  [/\b(where|there)(of|upon|from)\b/i, 'of it'],
  [/\bkeys? stands? in the way\b/i, 'violates'],
]

/** What people read: the documentation, and all text of the sources, where messages are among the comments. */
function filesToRead(): string[] {
  const inFolders = ['src', 'docs'].flatMap((folder) =>
    readdirSync(new URL(`../${folder}`, import.meta.url), { encoding: 'utf8', recursive: true }).map(
      (path) => `${folder}/${path}`,
    ),
  )
  return [...inFolders, 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'].filter((path) =>
    /\.(ts|md)$/.test(path),
  )
}

test('what people read has one plain word for each thing', () => {
  const found = filesToRead().flatMap((path) =>
    readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        words
          .filter(([pattern]) => pattern.test(line))
          .map(([pattern, instead]) => `${path}:${i + 1} ${pattern.exec(line)?.[0]}: write "${instead}"`),
      ),
  )
  expect(found).toEqual([])
})
