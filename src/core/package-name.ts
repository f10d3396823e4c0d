/** In the innermost folder of packages, whichever package manager made it. */
const PACKAGE = /[/\\]node_modules[/\\](@[^/\\]+[/\\][^/\\]+|[^@./\\][^/\\]*)[/\\](?!(?:.*[/\\])?node_modules[/\\])/

/** The npm package that a file belongs to. */
export function packageOf(file: string): string | undefined {
  return PACKAGE.exec(file)?.[1]?.replace('\\', '/')
}
