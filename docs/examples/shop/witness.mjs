/** Writes down every name that Node asks the operating system or a name server for, from below whatever tripwire patches. */
import { createHook } from 'node:async_hooks'
import { appendFileSync } from 'node:fs'

createHook({
  init(_id, type, _trigger, request) {
    if (type !== 'GETADDRINFOREQWRAP' && type !== 'QUERYWRAP') return
    // The name is put on the request right after it is made.
    queueMicrotask(() => appendFileSync(process.env.WITNESS, `${request.hostname ?? request.host}\n`))
  },
}).enable()
