/** A block raised what one of its handlers may catch. */
export class Raised extends Error {
  constructor(
    readonly sqlstate: string,
    message: string,
  ) {
    super(message)
  }
}
