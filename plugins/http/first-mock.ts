/** What is done for mocks, and is too heavy for those who mock nothing. */
let reach: (() => void) | undefined

/** `first` runs before the first mock answers. */
export function onFirstMock(first: () => void): void {
  reach = first
}

export function reachForMocks(): void {
  const first = reach
  reach = undefined
  first?.()
}
