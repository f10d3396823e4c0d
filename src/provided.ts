/** What the Vite plugin hands to workers; plain data, as it crosses processes. */
export interface Provided {
  readonly version: string
  /** The config file; undefined when there is none. */
  readonly file: string | undefined
  readonly dir: string
  /** The config, when it is plain data; undefined when workers have to import the file for its functions, patterns or plugins. */
  readonly raw: unknown
  /** Endpoints on which the main process listens (globalSetup), as `tcp:4000`. */
  readonly ownEndpoints: readonly string[]
}
