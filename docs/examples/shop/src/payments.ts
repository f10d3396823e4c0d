import axios from 'axios'
import { retry } from './retry.ts'
import { settings } from './settings.ts'

export interface Charge {
  readonly id: string
  readonly status: 'paid' | 'pending'
}

export type Fetch = typeof fetch

/** Charges a card; a payment that cannot be reached is only pending. */
export async function charge(cents: number, request: Fetch = fetch): Promise<Charge> {
  const paid = await retry(3, async () => {
    const response = await request(`${settings.payments}/v1/charges?token=sk_live_4242`, {
      method: 'POST',
      body: JSON.stringify({ cents }),
    })
    return (await response.json()) as Charge
  })
  return paid ?? { id: 'none', status: 'pending' }
}

/** Books a payment in the ledger. */
export async function book(charge: Charge): Promise<string> {
  const { data } = await axios.post<{ entry: string }>(`${settings.ledger}/entries`, { charge: charge.id })
  return data.entry
}

/** Asks for the state of a payment in the background; nobody waits for it. */
export function refresh(id: string): void {
  setTimeout(() => {
    fetch(`${settings.payments}/v1/charges/${id}`).catch(() => {})
  }, 30)
}
