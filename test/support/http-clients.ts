/** The clients that people send requests with, each unchanged: one function for a GET, or a POST with a body. */
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import axios from 'axios'
import got from 'got'
import ky from 'ky'
import nodeFetch from 'node-fetch'
import superagent from 'superagent'
import { request as undiciRequest } from 'undici'

export interface Answer {
  readonly status: number
  readonly body: string
  readonly type?: string | null | undefined
}
export const BODY = '{"amount":5000}'
export const JSON_TYPE = { 'content-type': 'application/json' }

export function nodeRequest(
  module: typeof http | typeof https,
  url: string,
  body?: string,
  options: object = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const settings = {
      method: body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && { headers: JSON_TYPE }),
      ...options,
    }
    const request = (module as typeof http).request(url, settings, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: text, type: response.headers['content-type'] }),
      )
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}
export const of = async (response: Response): Promise<Answer> => ({
  status: response.status,
  body: await response.text(),
  type: response.headers.get('content-type'),
})

/** Each sends a GET without a body, a POST with one. */
export const CLIENTS: Record<string, (url: string, body?: string) => Promise<Answer>> = {
  fetch: async (url, body) =>
    of(await fetch(url, body === undefined ? {} : { method: 'POST', body, headers: JSON_TYPE })),
  'node:http(s)': (url, body) => nodeRequest(url.startsWith('https') ? https : http, url, body),
  'node:http(s), keep-alive': (url, body) => {
    const module = url.startsWith('https') ? https : http
    return nodeRequest(module, url, body, { agent: new module.Agent({ keepAlive: true }) })
  },
  'node:http2': async (url, body) => {
    const { origin, pathname, search } = new URL(url)
    const session = http2.connect(origin)
    const stream = session.request({
      ':path': pathname + search,
      ':method': body === undefined ? 'GET' : 'POST',
      ...(body !== undefined && JSON_TYPE),
    })
    stream.end(body)
    const [headers] = await once(stream, 'response')
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    session.close()
    return { status: Number(headers[':status']), body: text, type: headers['content-type'] }
  },
  undici: async (url, body) => {
    const {
      statusCode,
      body: answer,
      headers,
    } = await undiciRequest(url, body === undefined ? {} : { method: 'POST', body, headers: JSON_TYPE })
    return { status: statusCode, body: await answer.text(), type: String(headers['content-type']) }
  },
  axios: async (url, body) => {
    const { status, data, headers } = await axios.request({
      url,
      validateStatus: () => true,
      responseType: 'text',
      transformResponse: (text) => text,
      ...(body !== undefined && { method: 'POST', data: body, headers: JSON_TYPE }),
    })
    return { status, body: data, type: String(headers['content-type']) }
  },
  got: async (url, body) => {
    const {
      statusCode,
      body: text,
      headers,
    } = await got(url, {
      throwHttpErrors: false,
      retry: { limit: 0 },
      ...(body !== undefined && { method: 'POST', body, headers: JSON_TYPE }),
    })
    return { status: statusCode, body: text, type: headers['content-type'] }
  },
  ky: async (url, body) =>
    of(
      await ky(url, {
        throwHttpErrors: false,
        retry: 0,
        ...(body !== undefined && { method: 'POST', body, headers: JSON_TYPE }),
      }),
    ),
  'node-fetch': async (url, body) =>
    of(
      (await nodeFetch(
        url,
        body === undefined ? {} : { method: 'POST', body, headers: JSON_TYPE },
      )) as unknown as Response,
    ),
  superagent: async (url, body) => {
    const request = body === undefined ? superagent.get(url) : superagent.post(url).type('json').send(body)
    const { status, text, type } = await request.ok(() => true)
    return { status, body: text, type }
  },
}
