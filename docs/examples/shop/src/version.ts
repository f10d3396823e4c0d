import { execFileSync } from 'node:child_process'

/** The commit that runs, or `unknown`. */
export function version(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
