import { settings } from './settings.ts'

export interface Rates {
  readonly base: string
  readonly rates: Readonly<Record<string, number>>
}

export async function latestRates(): Promise<Rates> {
  const response = await fetch(`${settings.rates}/v1/latest?base=EUR`)
  return (await response.json()) as Rates
}

/** An amount in another currency; the same amount while the rates are unknown. */
export async function inCurrency(cents: number, currency: string, rates = latestRates): Promise<number> {
  try {
    return Math.round(cents * ((await rates()).rates[currency] ?? 1))
  } catch {
    return cents
  }
}
