/** Where this module stands in the package: joined with others for workers, as built, or in the repository. */
const PLACE = /(?:dist[/\\](?:(?:worker|main)[/\\][^/\\]+|src[/\\]package-root\.js)|src[/\\]package-root\.ts)$/

/** The folder of the package for this module's path, with a slash at its end. Folders above it may be called anything, `src` too. */
export function packageRootOf(path: string): string {
  return path.replace(PLACE, '')
}

/** Folder of this package, with a slash at its end. */
export const PACKAGE_ROOT: string = packageRootOf(import.meta.filename)
