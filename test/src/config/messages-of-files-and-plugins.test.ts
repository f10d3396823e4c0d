import { describe, expect, test } from 'vitest'
import { refusal } from './refusal.ts'
import { toy } from './toy-plugin.ts'

describe('files, settings and plugins are refused:', () => {
  test('files that are a list', () => {
    expect(refusal({ files: ['test/**'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files: it is no object (got ["test/**"]): expected an object of options by glob."
    `)
  })
  test('options of files that are a level', () => {
    expect(refusal({ files: { 'test/**': 'off' } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["test/**"]: it is no object (got 'off'): expected an object with options."
    `)
  })
  test('keys for the whole config in files', () => {
    expect(refusal({ files: { 'test/**': { redact: ['x'], files: {} } } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 2 problems.

        files["test/**"].redact: the key is unknown (got ["x"]): expected one of guard, allow, deny, refuse, restrict, loopback, fs.
        files["test/**"].files: the key is unknown (got {}): expected one of guard, allow, deny, refuse, restrict, loopback, fs."
    `)
  })
  test('an empty glob', () => {
    expect(refusal({ files: { '': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files[""]: the glob is empty (got ''): expected a glob relative to the config file, such as 'test/integration/**'."
    `)
  })
  test('an absolute glob', () => {
    expect(refusal({ files: { '/repo/test/**': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["/repo/test/**"]: the glob is an absolute path (got '/repo/test/**'): expected a glob relative to the config file, such as 'test/integration/**'."
    `)
  })
  test('a glob of another folder', () => {
    expect(refusal({ files: { '../test/**': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["../test/**"]: the glob leaves the folder of the config (got '../test/**'): expected a glob relative to the config file, such as 'test/integration/**'."
    `)
  })
  test('a folder instead of a glob', () => {
    expect(refusal({ files: { 'test/': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["test/"]: the glob is a folder, and no file fits (got 'test/'): expected 'test/**'."
    `)
  })
  test('a negated glob', () => {
    expect(refusal({ files: { '!test/**': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["!test/**"]: a glob cannot be negated (got '!test/**'): expected a glob relative to the config file, such as 'test/integration/**'."
    `)
  })
  test('a glob with backslashes', () => {
    expect(refusal({ files: { 'test\\**': {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["test\\\\**"]: the glob has a backslash (got 'test\\**'): expected a glob relative to the config file, such as 'test/integration/**', on Windows as well."
    `)
  })
  test('a glob with too many alternatives', () => {
    expect(refusal({ files: { [`${'{a,b}'.repeat(10)}/*`]: {} } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}/*"]: the braces stand for too many alternatives (got '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}/*'): expected at most 1000; write several globs."
    `)
  })
  test('a setting of a plugin that is misspelt', () => {
    expect(refusal({ loopback: 'alll' })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        loopback: it is no such word (got 'alll'): expected one of 'own', 'any', 'none'."
    `)
  })
  test('a setting of a plugin of the wrong type', () => {
    expect(refusal({ files: { 'a/**': { loopback: true } } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        files["a/**"].loopback: it is no such word (got true): expected one of 'own', 'any', 'none'."
    `)
  })
  test('an onTrip that cannot be called', () => {
    expect(refusal({ onTrip: { allow: true } })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        onTrip: it is no function (got {"allow":true}): expected a function that answers 'allow' or nothing."
    `)
  })
  test('texts to redact that hide nothing', () => {
    expect(refusal({ redact: ['', 3, 'ok'] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 2 problems.

        redact[0]: it can hide nothing (got ''): expected a text that is not empty, or a regular expression.
        redact[1]: it can hide nothing (got 3): expected a text that is not empty, or a regular expression."
    `)
  })
  test('plugins that are no list', () => {
    expect(refusal({ plugins: toy() })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins: it is no list (got {"name":"toy","operations":{"ring":{"safety":"unsafe","summ…): expected a list of what definePlugin gives."
    `)
  })
  test('a plugin that was not called', () => {
    expect(refusal({ plugins: [toy] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins[0]: it is no plugin (got a function): expected what definePlugin gives; if it is made by a call: 'plugins: [mine()]'."
    `)
  })
  test('a plugin without its parts', () => {
    expect(refusal({ plugins: [{ name: 'mine', install() {} }] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins[0]: the plugin lacks parseRule, describe, remedy, operations, facts (got 'mine'): expected what definePlugin gives."
    `)
  })
  test('a plugin twice', () => {
    expect(refusal({ plugins: [toy(), toy()] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins[1].name: two plugins have this name (got 'toy'): expected a protocol that no other plugin has."
    `)
  })
  test('a plugin with the name of ours', () => {
    expect(refusal({ plugins: [toy({ name: 'http' })] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins[0].name: two plugins have this name (got 'http'): expected a protocol that no other plugin has."
    `)
  })
  test('a plugin named default', () => {
    expect(refusal({ plugins: [toy({ name: 'default' })] })).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has a problem.

        plugins[0].name: it names no protocol (got 'default'): expected small letters, digits and '-', and not 'default'."
    `)
  })
  test('a plugin that takes a key and a scheme', () => {
    expect(
      refusal({ plugins: [toy({ schemes: { https: 1 }, settings: { allow: { type: 'boolean', default: true } } })] }),
    ).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 2 problems.

        plugins[0].schemes.https: the scheme belongs to http (got 'https'): expected a scheme of its own.
        plugins[0].settings.allow: the key belongs to the config itself (got 'allow'): expected a key of its own."
    `)
  })
  test('settings of a plugin with faults inside', () => {
    expect(
      refusal({ plugins: [toy()], bells: { nmaes: [], most: '2', names: ['a', ''] }, muted: 'no', volume: 'hihg' }),
    ).toMatchInlineSnapshot(`
      "[TRIPWIRE_CONFIG] tripwire.config.ts has 5 problems.

        volume: it is no such word (got 'hihg'): expected one of 'low', 'high' (did you mean: high?)
        bells.nmaes: the key is unknown (got []): expected one of names, most (did you mean: names?)
        bells.most: it is no number (got '2'): expected a number.
        bells.names: it is no list of texts (got ["a",""]): expected a list of texts that are not empty.
        muted: it is no boolean (got 'no'): expected a boolean."
    `)
  })
})
