/** The rest of a path below a folder, with slashes as rules have them; undefined where it is not below. Both absolute. */
export function pathBelow(folder: string, path: string): string | undefined {
  const above = folder.replace(/[/\\]$/, '')
  const rest = path.slice(above.length)
  if (folder === '' || !path.startsWith(above) || !/^[/\\]./.test(rest)) return undefined
  return above.includes('\\') ? rest.slice(1).replaceAll('\\', '/') : rest.slice(1)
}
