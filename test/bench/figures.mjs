export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Pairs as ratios: `1.03 (1.01 to 1.06)`, the median and the quartiles. */
export function ratio(pairs) {
  const ratios = pairs.map(([guarded, bare]) => guarded / bare).sort((a, b) => a - b)
  const at = (share) => ratios[Math.min(ratios.length - 1, Math.floor(ratios.length * share))]
  return `${median(ratios).toFixed(3)} (${at(0.25).toFixed(3)} to ${at(0.75).toFixed(3)})`
}
