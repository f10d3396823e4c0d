/** What has a path and is no file in this sense: devices that keep nothing, terminals, pipes, descriptors of such. */
import { matchesText } from '../../src/plugin.ts'
import { real } from './originals.ts'

const DEVICES =
  /^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|pts\/\d+|stdin|stdout|stderr|fd\/\d+)$|^\/proc\/\d+\/(?:task\/\d+\/)?fd\/\d+$/
const WINDOWS_DEVICES = /^\\\\[.?]\\pipe\\|(?:^|\\)nul$/i

/** @param path absolute, with its links resolved: a descriptor that stands for a file is that file by now */
export function isNoFile(path: string): boolean {
  if (real.platform === 'win32' ? matchesText(WINDOWS_DEVICES, path) : matchesText(DEVICES, path)) return true
  try {
    const stats = real.lstatSync(path, { throwIfNoEntry: false })
    return stats !== undefined && (stats.isFIFO() || stats.isSocket())
  } catch {
    return false
  }
}
