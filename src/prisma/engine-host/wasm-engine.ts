import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Prisma's schema engine: its methods are those of the JSON-RPC protocol that the CLI speaks. */
export type SchemaEngine = Record<string, (params: unknown) => Promise<unknown>> & {
  diff(params: unknown): Promise<{ exitCode: number; stdout?: string | null }>
  introspect(params: unknown): Promise<{ schema: { files: { path: string; content: string }[] } }>
  markMigrationApplied(params: unknown): Promise<unknown>
}

/** The part of the global that is used here; Node has it, its type declarations do not. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>
}

interface Bindings {
  SchemaEngine: {
    new: (options: EngineOptions, onLog: (line: string) => void, adapter: object) => Promise<SchemaEngine>
  }
  __wbg_set_wasm(exports: object): void
}

export interface EngineOptions {
  /** Pairs of path and content; undefined, not `[]`, when there are none. */
  readonly datamodels: [string, string][] | undefined
}

let bindings: Promise<Bindings> | undefined

/** Starts Prisma's schema engine from the WebAssembly that Prisma publishes. */
export async function startSchemaEngine(
  options: EngineOptions,
  adapter: object,
  onLog: (line: string) => void,
): Promise<SchemaEngine> {
  // Once a process: the bindings keep the instance in a variable, and what an earlier one left to the garbage
  // collector would be freed in the memory of the later one.
  bindings ??= instantiate()
  return (await bindings).SchemaEngine.new(options, onLog, adapter)
}

/** The package is made for bundlers and has no entry for Node: its module is compiled here with its own bindings. */
async function instantiate(): Promise<Bindings> {
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const module = (await import(pathToFileURL(path).href)) as Bindings
  const { instance } = await WebAssembly.instantiate(await readFile(path.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': module,
  })
  module.__wbg_set_wasm(instance.exports)
  const start = instance.exports.__wbindgen_start as () => void
  start()
  return module
}

/**
 * Keeps the text of a panic: the engine hands it to this global and then traps with a bare "unreachable".
 * @returns the function that gives the text of the last panic.
 */
export function watchPanics(): () => string | undefined {
  let panic: string | undefined
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (message: string) => {
        panic = message
      },
    },
  })
  return () => panic
}
