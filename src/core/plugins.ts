import type { Lift, OwnEndpoints, PluginDefinition, PolicyContext, StackFrame } from '../plugin.ts'
import type { Layer } from './call.ts'
import { type Policy, settingOf } from './policy.ts'
import type { Knowledge } from './verdict.ts'

/** The plugins of an installation, asked by protocol. */
export class PluginSet implements Knowledge {
  readonly #plugins = new Map<string, PluginDefinition>()
  readonly #lifts = new Map<string, Lift[]>()
  readonly #own: OwnEndpoints

  constructor(own: OwnEndpoints) {
    this.#own = own
  }

  add(plugin: PluginDefinition): void {
    this.#plugins.set(plugin.name, plugin)
    if (plugin.lifts === undefined) return
    const over = this.#lifts.get(plugin.lifts.over)
    if (over) over.push(plugin.lifts)
    else this.#lifts.set(plugin.lifts.over, [plugin.lifts])
  }

  get(protocol: string): PluginDefinition | undefined {
    return this.#plugins.get(protocol)
  }

  all(): readonly PluginDefinition[] {
    return [...this.#plugins.values()]
  }

  /** The layer with everything that stands on it above: a driver above its connection. */
  lifted(layer: Layer, capture: () => readonly StackFrame[]): Layer[] {
    let frames: readonly StackFrame[] | undefined
    const stack = () => (frames ??= capture())
    const layers = [layer]
    for (const lift of this.#lifts.get(layer.protocol) ?? []) {
      const above = lift.lift(layer, stack)
      if (above?.protocol === layer.protocol) return [above]
      if (above !== undefined) {
        layers.unshift(...this.lifted(above, stack))
        break
      }
    }
    return layers
  }

  passes(layer: Layer, policy: Policy): boolean {
    const plugin = this.#plugins.get(layer.protocol)
    if (plugin?.passes === undefined) return false
    const context: PolicyContext = {
      own: this.#own,
      setting: (key) => settingOf(policy, key) ?? defaultOf(plugin, key),
    }
    return plugin.passes(layer, context)
  }

  isLenient(layer: Layer): boolean {
    return this.#plugins.get(layer.protocol)?.lenient?.(layer) ?? false
  }

  isSafe(layer: Layer): boolean {
    const plugin = this.#plugins.get(layer.protocol)
    const safety = plugin?.operations[layer.operation.slice(layer.protocol.length + 1)]?.safety
    if (safety === undefined) return false
    if (typeof safety === 'string') return safety === 'safe'
    return safety.safe.includes(String(layer.facts[safety.fact]))
  }

  describe(layer: Layer): string {
    return this.#plugins.get(layer.protocol)?.describe(layer) ?? layer.operation
  }

  /** The fact of a layer that says which host it speaks to, if its protocol has one. */
  hostOf(layer: Layer): unknown {
    const facts = this.#plugins.get(layer.protocol)?.facts ?? {}
    for (const name in facts) if (facts[name] === 'host') return layer.facts[name]
    return undefined
  }
}

function defaultOf(plugin: PluginDefinition, key: string): unknown {
  return plugin.settings?.[key]?.default
}
