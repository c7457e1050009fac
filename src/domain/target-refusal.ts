/** Why the target cannot read a text that our own parser, which is newer, reads. */
export interface TargetRefusal {
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlstate: string
  /** The server's own words. */
  readonly message: string
  /** The name that it does not know, where it is about one. */
  readonly object?: string
  /** It reads it, and takes it for something else. */
  readonly isMisread?: true
}
