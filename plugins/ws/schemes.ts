/** Of the addresses of WebSockets, with their usual ports. */
export const SCHEMES = { ws: 80, wss: 443 }
