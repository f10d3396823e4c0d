/** What the Vite plugin hands to workers; plain data, as it crosses processes. */
export interface Provided {
  readonly version: string
  /** The config file; undefined when there is none. */
  readonly file: string | undefined
  readonly dir: string
  /** The root of the project's workspace. */
  readonly workspace?: string
  /** The config, when it is plain data; undefined when workers have to import the file for its functions, patterns or plugins. */
  readonly raw: unknown
  /** Why the config cannot be used: then no test may run. Only in watch mode, else the run does not begin. */
  readonly broken?: string
  /** Endpoints on which the main process listens (globalSetup), as `tcp:4000`. */
  readonly ownEndpoints: readonly string[]
}

declare module 'vitest' {
  interface ProvidedContext {
    'vitest-tripwire': Provided
  }
}
