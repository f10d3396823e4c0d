/** For `tripwire.config.ts`. */
export {
  defineConfig,
  type GuardInput,
  type LevelInput,
  type RuleInput,
  type TripwireConfig,
  type TripwireOptions,
} from './config/define.ts'
export { M } from './core/matcher.ts'
