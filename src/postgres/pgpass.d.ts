declare module 'pgpass' {
  /** Looks the password up in the pgpass file; gives undefined when there is none for this connection. */
  export default function pgpass(
    connection: { host: string; port: number; database: string; user: string },
    callback: (password: string | undefined) => void,
  ): void
}
