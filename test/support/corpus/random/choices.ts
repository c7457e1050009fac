/** Picks one thing after another by random numbers; a shorter list of them makes a smaller chain. */
export class Choices {
  #at = 0

  constructor(private readonly numbers: readonly number[]) {}

  number(below: number): number {
    const number = this.numbers[this.#at % this.numbers.length] ?? 0
    this.#at += 1
    return number % below
  }

  /** @throws when the list is empty */
  of<T>(list: readonly T[]): T {
    const one = list[this.number(list.length)]
    if (one === undefined) throw new Error('nothing to choose from')
    return one
  }

  maybe<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.of(list)
  }

  chance(one: number, inAll: number): boolean {
    return this.number(inAll) < one
  }
}
