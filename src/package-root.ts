import { fileURLToPath } from 'node:url'

/** Folder of this package, with a slash at its end: above `dist` as built (bundled or not), above `src` in the repository. */
export const PACKAGE_ROOT: string = fileURLToPath(import.meta.url)
  .replace(/(?:dist|src)[/\\](?!.*[/\\](?:dist|src)[/\\]).*$/, '')
  .replace(/dist[/\\]$/, '')
