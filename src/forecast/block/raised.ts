/** A block raised what one of its handlers may catch. */
export class Raised extends Error {
  constructor(
    readonly sqlstate: string,
    message: string,
    /** Of what the server refuses whatever the rows; absent where the block raises by itself. */
    readonly refused?: { readonly code: string; readonly object?: string },
  ) {
    super(message)
  }
}
