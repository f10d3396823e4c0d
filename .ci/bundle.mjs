/**
 * Joins what workers load into three files. A module costs a worker about 0.4 ms, and the guard has sixty of them: loaded one by one they
 * made a suite of small files 1.26 times slower (see docs/decisions).
 */
import { rolldown } from 'rolldown'

const doors = ['register', 'setup', 'index']
const output = {
  minify: { compress: false, mangle: { toplevel: true, keepNames: true }, codegen: { removeWhitespace: true } },
}
const build = await rolldown({
  input: Object.fromEntries(doors.map((door) => [door, `dist/src/${door}.js`])),
  platform: 'node',
  external: [/^node:/, 'vitest', 'vite'],
})
await build.write({
  dir: 'dist/worker',
  format: 'esm',
  chunkFileNames: '[name].js',
  ...output,
  codeSplitting: {
    groups: [
      {
        name: 'guard',
        test: (id) => /dist[/\\]/.test(id) && !/dist[/\\]src[/\\](?:vitest|setup|index|register)/.test(id),
      },
    ],
  },
})
await build.close()

// The preload once more as a script: a worker thread of a text of code runs nothing else before it.
const script = await rolldown({ input: 'dist/src/register.js', platform: 'node', external: [/^node:/] })
await script.write({ file: 'dist/worker/register.cjs', format: 'cjs', codeSplitting: false, ...output })
await script.close()
