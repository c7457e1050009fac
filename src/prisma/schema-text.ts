/**
 * Preview features that the engine of Prisma 7 knows. A schema of Prisma 6 may name others, which are part of Prisma
 * by now or gone, and the engine refuses a schema with a name that it does not know.
 */
const knownPreviewFeatures = new Set([
  'fullTextSearchPostgres',
  'nativeDistinct',
  'partialIndexes',
  'postgresqlExtensions',
  'relationJoins',
  'schemaEngineDriverAdapters',
  'shardKeys',
  'strictUndefinedChecks',
  'typedSql',
  'views',
])

/** A schema as the engine of Prisma 7 accepts it: without a URL, which 7 keeps elsewhere, and without unknown features. */
export function schemaForEngine(content: string): string {
  return content
    .replace(/^[ \t]*(url|directUrl|shadowDatabaseUrl)[ \t]*=.*$/gm, '')
    .replace(/^([ \t]*previewFeatures[ \t]*=[ \t]*)\[([^\]]*)\]/gm, (_, name: string, list: string) => {
      const features = list.split(',').map((feature) => feature.trim().replaceAll('"', ''))
      const known = features.filter((feature) => knownPreviewFeatures.has(feature))
      return `${name}[${known.map((feature) => `"${feature}"`).join(', ')}]`
    })
}
