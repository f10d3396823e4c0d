/** `process.chdir`: where `'.'` may be written, going there makes another folder writable. */

import { errorOf } from './failure.ts'
import { HOME, real } from './originals.ts'
import { Resolver, readPath } from './paths.ts'
import { resolveLinks } from './roots.ts'
import { type Seam, type Step, slotOf } from './seam.ts'
import { goInVolume } from './volumes.ts'

export function guardChdir(seam: Seam): void {
  seam.tap.patch(process, 'chdir', (original) => {
    return function chdir(this: unknown, folder) {
      const access = writesHere(seam) && !isHome(folder) ? 'write' : 'read'
      const step: Step = { access, last: 'content', function: 'chdir' }
      const stop = seam.passes(slotOf(step), folder) ? undefined : seam.judge(folder, step)
      if (stop !== undefined && stop.kind !== 'reply') throw errorOf(stop, { access, syscall: 'chdir', path: folder })
      if (goInVolume(folder)) return
      return seam.moving('now', [], () => real.apply(original, this, [folder]))
    }
  })
}

/** Back to where Vitest runs, which `'.'` was before: tests that go elsewhere come back. */
function isHome(folder: unknown): boolean {
  const path = readPath(folder)
  return path !== undefined && new Resolver().resolve(path, 'content') === resolveLinks(HOME)
}

function writesHere({ tap }: Seam): boolean {
  const roots = tap.memory().setting('fs.write') as readonly string[] | undefined
  return roots?.includes('.') ?? false
}
