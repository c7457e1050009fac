import type { Screen } from '../domain/screen.js'

type Show = (doing: string) => void

/** Lets two that are at work at the same time tell of it in one line. */
export function shareProgress(screen: Pick<Screen, 'progress'>): readonly [Show, Show] {
  const doing = ['', '']
  const showAt = (place: number) => (text: string) => {
    doing[place] = text
    screen.progress(doing.filter(Boolean).join('; '))
  }
  return [showAt(0), showAt(1)]
}
