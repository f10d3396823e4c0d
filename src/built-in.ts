/**
 * A built-in module, loaded by the call and not before, undefined where this Node has none of that name. Nothing that watches `require` (as
 * tracers do) stands between.
 *
 * @example const net = builtIn('node:net')
 */
export const builtIn: typeof process.getBuiltinModule = process.getBuiltinModule
