/** The connection on which a script runs. */
export interface ScriptClient {
  query(sql: string): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
  /** Sets again what a pooler kept from the startup packet and a RESET took back: one setting, or all of them. */
  restoreSession?(name?: string): Promise<void>
}
