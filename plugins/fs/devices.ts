/** What has a path and is no file in this sense: devices that keep nothing, terminals, pipes, descriptors of such. */
import { real } from './originals.ts'

const DEVICES =
  /^\/dev\/(?:null|zero|full|random|urandom|tty|ptmx|pts\/\d+|stdin|stdout|stderr|fd\/\d+)$|^\/proc\/\d+\/(?:task\/\d+\/)?fd\/\d+$/
const WINDOWS_DEVICES = /^\\\\[.?]\\pipe\\|(?:^|\\)nul$/i

/** @param path absolute, with its links resolved: a descriptor that stands for a file is that file by now */
export function isNoFile(path: string): boolean {
  if (real.platform === 'win32' ? WINDOWS_DEVICES.test(path) : DEVICES.test(path)) return true
  try {
    const stats = real.lstatSync(path, { throwIfNoEntry: false })
    return stats !== undefined && (stats.isFIFO() || stats.isSocket())
  } catch {
    return false
  }
}
