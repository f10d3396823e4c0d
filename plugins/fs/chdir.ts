/** `process.chdir`: where `'.'` may be written, going there makes another folder writable. */

import { errorOf } from './failure.ts'
import { real } from './originals.ts'
import { type Seam, type Step, slotOf } from './seam.ts'

export function guardChdir(seam: Seam): void {
  seam.tap.patch(process, 'chdir', (original) => {
    return function chdir(this: unknown, folder) {
      const access = writesHere(seam) ? 'write' : 'read'
      const step: Step = { access, last: 'content', function: 'chdir' }
      const stop = seam.passes(slotOf(step), folder) ? undefined : seam.judge(folder, step)
      if (stop !== undefined && stop.kind !== 'reply') throw errorOf(stop, { access, syscall: 'chdir', path: folder })
      return seam.moving('now', [], () => real.apply(original, this, [folder]))
    }
  })
}

function writesHere({ tap }: Seam): boolean {
  const roots = tap.memory().setting('fs.write') as readonly string[] | undefined
  return roots?.includes('.') ?? false
}
