/**
 * Globs without regular expressions made from user text: each segment is matched greedily with one point to fall back to, so the time
 * is at most length × length and nothing can blow up.
 */

/** Whether `*` (anything) fits in one word: no separators are known here. By itself, as rules ask at each call: `matchSequence` takes three times as long. */
export function matchWord(glob: string, text: string): boolean {
  let at = 0
  let from = 0
  let afterStar = -1
  let resume = 0
  while (at < text.length) {
    if (from < glob.length && glob[from] === '*') {
      afterStar = ++from
      resume = at
    } else if (from < glob.length && glob[from] === text[at]) {
      from++
      at++
    } else if (afterStar >= 0) {
      from = afterStar
      at = ++resume
    } else return false
  }
  while (glob[from] === '*') from++
  return from === glob.length
}

/**
 * Whether a sequence fits a pattern in which `star` stands for any number of items, none included.
 *
 * @param fits whether an item of the pattern other than `star` fits one of the sequence
 */
export function matchSequence(
  pattern: readonly string[],
  items: readonly string[],
  star: string,
  fits: (one: string, item: string) => boolean,
): boolean {
  let at = 0
  let from = 0
  let afterStar = -1
  let resume = 0
  while (at < items.length) {
    const one = pattern[from]
    if (one === star) {
      afterStar = ++from
      resume = at
    } else if (one !== undefined && fits(one, items[at] as string)) {
      from++
      at++
    } else if (afterStar >= 0) {
      from = afterStar
      at = ++resume
    } else return false
  }
  while (pattern[from] === star) from++
  return from === pattern.length
}

/** Whether segments fit, `**` standing for any number of them, none included. */
function matchSegments(globs: readonly string[], texts: readonly string[]): boolean {
  return matchSequence(globs, texts, '**', matchWord)
}

/** A test for paths: `*` stays in a segment, `**` crosses them; `/api/**` covers `/api` as well. */
export function compilePathGlob(glob: string): (path: string) => boolean {
  if (!glob.includes('*')) return (path) => path === glob
  const globs = segmentsOf(glob)
  return (path) => matchSegments(globs, segmentsOf(path))
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '')
}

/**
 * A test for host names, anchored at dots: `*.example.com` is any name below, at any depth, and not `example.com` itself;
 * a `*` elsewhere stays in its label; `*` alone is every host.
 */
export function compileHostGlob(glob: string): (host: string) => boolean {
  if (glob === '*' || glob === '**') return () => true
  if (!glob.includes('*')) return (host) => host === glob
  const labels = glob.split('.')
  const below = labels[0] === '*' || labels[0] === '**'
  const globs = below ? ['*', '**', ...labels.slice(1)] : labels
  return (host) => !host.includes(':') && matchSegments(globs, host.split('.'))
}
