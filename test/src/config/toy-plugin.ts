import { definePlugin, type PluginDefinition } from '../../../src/plugin.ts'

/** A third party's plugin. */
export const toy = (changes: Partial<PluginDefinition> = {}): PluginDefinition =>
  definePlugin({
    name: 'toy',
    operations: { ring: { safety: 'unsafe', summary: 'rings the bell' } },
    facts: { bell: 'word' },
    synonyms: ['bell'],
    settings: {
      volume: { type: 'enum', values: ['low', 'high'], default: 'low' },
      bells: {
        type: 'object',
        keys: { names: { type: 'strings', default: [] }, most: { type: 'number', default: 1 } },
      },
      muted: { type: 'boolean', default: false },
    },
    parseRule: (text) => ({ bell: text }),
    describe: ({ facts }) => `ring ${String(facts.bell)}`,
    remedy: ({ facts }) => ({ rule: `toy:${String(facts.bell)}` }),
    install() {},
    ...changes,
  })
