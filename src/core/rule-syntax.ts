/** Thrown by a plugin's `parseRule` for text that its protocol cannot mean. */
export class RuleSyntaxError extends Error {
  override name = 'RuleSyntaxError'
  /** What could stand there. */
  readonly expected: string
  /** Spellings that come near. */
  readonly near: readonly string[]
  constructor(message: string, expected: string, near: readonly string[] = []) {
    super(message)
    this.expected = expected
    this.near = near
  }
}
