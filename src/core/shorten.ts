const MOST = 60

/** Text of somebody else's, short enough to stand in a sentence. */
export function shorten(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text
}

/** A sentence in which nothing that it quotes is long. */
export function shortenWords(sentence: string): string {
  return sentence.replace(/[^\s'"]+/g, shorten)
}
