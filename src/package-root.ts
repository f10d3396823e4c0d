/**
 * The folder of the package for this module's path, with a slash at its end. As built it is two folders deep (`dist/worker`, `dist/main`,
 * `dist/src`), in the repository one (`src`). Folders above the package may be called anything.
 */
export function packageRootOf(path: string): string {
  const folder = above(path)
  return path.endsWith('.ts') ? above(folder) : above(above(folder))
}

/** Without the last part. Not by a pattern: each worker would compile it for this one question. */
function above(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/', path.length - 2), path.lastIndexOf('\\', path.length - 2)) + 1)
}

/** Folder of this package, with a slash at its end. */
export const PACKAGE_ROOT: string = packageRootOf(import.meta.filename)
