/** Whether a server's address is one with a port. */
export function isAddressInfo(address: unknown): address is { readonly port: number; readonly address: string } {
  return typeof (address as { port?: unknown } | null)?.port === 'number'
}
