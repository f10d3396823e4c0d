import { compilePathGlob } from '../core/glob.ts'

const MOST = 64

/** A test for file paths below a folder: `*` in a name, `**` across folders, `{a,b}` for alternatives. */
export function compileFileGlob(glob: string, dir: string): (file: string) => boolean {
  const root = dir.replaceAll('\\', '/').replace(/\/$/, '')
  const tests = expandBraces(glob.replace(/^\.\//, '')).map(compilePathGlob)
  return (file) => {
    const path = file.replaceAll('\\', '/')
    if (!path.startsWith(`${root}/`)) return false
    const near = path.slice(root.length + 1)
    return tests.some((test) => test(near))
  }
}

function expandBraces(glob: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(glob)
  if (braces === null) return [glob]
  const [whole, inside = ''] = braces
  return inside
    .split(',')
    .flatMap((part) => expandBraces(glob.replace(whole, () => part)))
    .slice(0, MOST)
}
