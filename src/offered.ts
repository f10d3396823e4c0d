/** What `tripwire` has for each protocol that can be mocked (`tripwire.http`), made when it is first asked for: most test files never do. */
import { standing, type TripwireApi } from './core/api.ts'
import { createFamily } from './core/families.ts'
import type { Guard } from './core/guard.ts'
import { createGrammar, type Grammar } from './core/rules.ts'
import { callerLater } from './errors/call-site.ts'
import { assertionError, printApiCall, stateError, type Voice } from './errors/contract.ts'
import { assertInsideError, badArgumentError, badCountError, misuseError, unknownFactError } from './errors/misuse.ts'
import { loadPeer } from './peers.ts'
import type { Mocking, PluginDefinition } from './plugin.ts'

export interface Offering {
  readonly guard: Guard
  readonly api: TripwireApi
  readonly voice: Voice
  /** Plugins without a level, which the grammar of the config does not know. */
  readonly ungraded: readonly PluginDefinition[]
  grammar(): Grammar
}

/** Puts what tests mock a plugin's calls with on the api; anew for each file, as a family may hold what the last one did. */
export function offer(offering: Offering, plugin: PluginDefinition): void {
  const { mocking } = plugin
  if (mocking === undefined) return
  let family: ReturnType<typeof createFamily> | undefined
  const made = () => {
    family ??= familyOf(offering, plugin, mocking)
    return family
  }
  const { api, guard } = offering
  const put = (name: string, get: () => unknown) =>
    Object.defineProperty(api, name, { get, enumerable: true, configurable: true })
  put(plugin.name, made)
  for (const [short, key] of Object.entries(mocking.direct ?? {})) put(short, () => made()[key])
  if (mocking.box !== undefined) guard.sandboxes.views.set(plugin.name, mocking.box)
}

function familyOf(
  { guard, voice, ungraded, grammar }: Offering,
  plugin: PluginDefinition,
  mocking: Mocking,
): ReturnType<typeof createFamily> {
  const own = ungraded.includes(plugin) ? createGrammar(ungraded) : undefined
  return createFamily(
    {
      standing: (what) => standing({ guard, misuse: misuseError }, what),
      callerLater,
      compile: (protocol, patterns, text) => (own ?? grammar()).fromPatterns(protocol, patterns, text),
      need: (name, what) => void loadPeer(name, what),
      prepare: (protocol) => guard.plugins.prepare(protocol),
      printCall: (what, args) => printApiCall(what, args, voice.redact()),
      errors: {
        badArgument: badArgumentError,
        badCount: badCountError,
        unknownFact: unknownFactError,
        insideSandbox: assertInsideError,
        failed: (text, failure) => assertionError(voice, text, failure),
        differs: (text, differences) => stateError(voice, text, differences),
      },
    },
    plugin,
    mocking,
  )
}
