import type {
  Lift,
  Operation,
  OwnEndpoints,
  PluginDefinition,
  PolicyContext,
  Remedy,
  RunPlace,
  StackFrame,
} from '../plugin.ts'
import type { Facts, Layer } from './call.ts'
import { SafeMap } from './collections.ts'
import { currentEpoch, type Frame } from './frames.ts'
import { type Memory, memoryOf, UNWATCHED } from './memory.ts'
import type { Mock } from './mocks.ts'
import { levelOf, type Policy, policyOf, settingOf } from './policy.ts'
import type { Knowledge } from './verdict.ts'

/** The plugins of an installation, asked by protocol. */
export class PluginSet implements Knowledge {
  readonly #plugins = new SafeMap<string, PluginDefinition>()
  readonly #lifts = new SafeMap<string, Lift[]>()
  readonly #own: OwnEndpoints
  #remembered: { frame: Frame | undefined; protocol: string; epoch: number; memory: Memory } = {
    frame: undefined,
    protocol: '',
    epoch: -1,
    memory: UNWATCHED,
  }
  /** Known once a file is attached. */
  place: RunPlace = { root: '', workspace: '', rules: '' }

  constructor(own: OwnEndpoints) {
    this.#own = own
  }

  add(plugin: PluginDefinition): void {
    this.#plugins.set(plugin.name, plugin)
    for (const lift of [plugin.lifts ?? []].flat()) {
      const over = this.#lifts.get(lift.over)
      if (over) over.push(lift)
      else this.#lifts.set(lift.over, [lift])
    }
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
    return plugin?.passes?.(layer, this.#contextOf(plugin, policy)) ?? false
  }

  remedy(layer: Layer, policy: Policy): Remedy {
    const plugin = this.#plugins.get(layer.protocol)
    return plugin?.remedy(layer, this.#contextOf(plugin, policy)) ?? { rule: layer.protocol }
  }

  /** Asked thousands of times in a row, so the last answer is kept. */
  memory(protocol: string, frame: Frame): Memory {
    const last = this.#remembered
    if (last.frame === frame && last.protocol === protocol && last.epoch === currentEpoch()) return last.memory
    const memory = this.#memoryIn(protocol, policyOf(frame))
    this.#remembered = { frame, protocol, epoch: currentEpoch(), memory }
    return memory
  }

  #memoryIn(protocol: string, policy: Policy): Memory {
    const known = policy.memories.get(protocol)
    if (known !== undefined) return known
    const plugin = this.#plugins.get(protocol)
    const setting = (key: string) => settingOf(policy, key) ?? (plugin && defaultOf(plugin, key))
    const isOff = levelOf(policy, protocol).level === 'off'
    return memoryOf(policy, protocol, { setting, place: this.place, isOff })
  }

  #contextOf(plugin: PluginDefinition, policy: Policy): PolicyContext {
    return {
      own: this.#own,
      sandboxed: policy.sandbox !== undefined,
      place: this.place,
      setting: (key) => settingOf(policy, key) ?? defaultOf(plugin, key),
    }
  }

  isLenient(layer: Layer): boolean {
    return this.#plugins.get(layer.protocol)?.lenient?.(layer) ?? false
  }

  isSafe(layer: Layer): boolean {
    const safety = this.#operation(layer)?.safety
    if (safety === undefined) return false
    if (typeof safety === 'string') return safety === 'safe'
    return safety.safe.includes(String(layer.facts[safety.fact]))
  }

  isOpening(layer: Layer): boolean {
    return this.#operation(layer)?.opens === true
  }

  #operation({ protocol, operation }: Layer): Operation | undefined {
    return this.#plugins.get(protocol)?.operations[operation.slice(protocol.length + 1)]
  }

  forMocks(layer: Layer): Layer {
    return { ...layer, facts: this.knownFacts(layer) }
  }

  /** The facts of a layer with what its plugin derives from them for mocks, the interactions and assertions. */
  knownFacts(layer: Layer): Facts {
    return this.#plugins.get(layer.protocol)?.mocking?.derive?.(layer) ?? layer.facts
  }

  /** A mock of the protocol is about to be made: its plugin, and those that it stands on, get ready to answer. */
  prepare(protocol: string): void {
    const plugin = this.#plugins.get(protocol)
    plugin?.mocking?.prepare?.()
    for (const { over } of [plugin?.lifts ?? []].flat()) if (over !== protocol) this.prepare(over)
  }

  /** Whether the plugin itself does the real thing for calls that a mock lets through, as it learns their facts by that. */
  forwards({ protocol }: Layer): boolean {
    return this.#plugins.get(protocol)?.mocking?.forwards === true
  }

  /** The mock that would answer a call, as code with a reply to fill in. */
  mockFor(layer: Layer): string | undefined {
    const mocking = this.#plugins.get(layer.protocol)?.mocking
    if (mocking === undefined) return undefined
    if (mocking.suggest !== undefined) return mocking.suggest(layer)
    const { pattern } = mocking.print({ ...layer, facts: this.knownFacts(layer) })
    const { example } = mocking
    const reply = typeof example === 'function' ? example(layer) : example
    return `tripwire.${layer.protocol}.mock(${pattern}, ${reply})`
  }

  describe(layer: Layer): string {
    return this.#plugins.get(layer.protocol)?.describe(layer) ?? layer.operation
  }

  isPreparation(layer: Layer): boolean {
    return this.#plugins.get(layer.protocol)?.prepares?.(layer) === true
  }

  /** Whether a mock names hosts, and may answer what connects to this one. */
  mayReach({ protocol, rule }: Mock, host: unknown): boolean {
    const plugin = this.#plugins.get(protocol)
    const fact = Object.keys(plugin?.facts ?? {}).find((name) => plugin?.facts[name] === 'host')
    if (plugin === undefined || fact === undefined || plugin.aside || !rule.names?.includes(fact)) return false
    const facts = { ...Object.fromEntries(Object.keys(plugin.facts).map((name) => [name, undefined])), [fact]: host }
    return Object.keys(plugin.operations).some((what) =>
      rule.matches({ protocol, operation: `${protocol}:${what}`, facts }, true),
    )
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
