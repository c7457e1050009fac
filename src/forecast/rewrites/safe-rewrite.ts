/** What a careful person would deploy instead of a statement: migrations, one after the other. */
export interface SafeRewrite {
  readonly files: readonly [RewrittenFile, ...RewrittenFile[]]
}

export interface RewrittenFile {
  /** For the folder of the migration, after its timestamp. */
  readonly name: string
  readonly sql: string
  /** One clause without full stop. */
  readonly why: string
}

/** All files in one text, each under a comment. */
export function rewriteText({ files }: SafeRewrite): string {
  return files.map(({ name, why, sql }) => `-- ${name}: ${why}\n${sql}`).join('\n\n')
}
