import type { Family } from '../../src/plugin.ts'

declare module '../../src/plugin.ts' {
  interface BoxViews {
    /** The volume that answered in the sandbox. */
    readonly fs: FsView
  }
}

/** What stands under a name of a volume. A name that ends in `/` is a folder. */
export type FsContent =
  /** A file: text or bytes. */
  | string
  | ArrayBufferView
  /** Of a folder: there, and empty unless other names lie in it. Of any other name: not there, whatever the real disk has. */
  | null
  /** A symbolic link, and what it leads to. */
  | { readonly link: string }
  | { readonly content: string | ArrayBufferView; readonly mode?: number }
  | { readonly mode: number }

export interface FsVolumeOptions {
  /** The folder that relative names start in; the current folder if left out. */
  readonly at?: string
  /** `project`: what the volume does not have is read from the real disk. `empty`: only the volume exists. */
  readonly over?: 'project' | 'empty'
  /** How much it holds, in bytes; 64 MiB if left out. What does not fit fails with ENOSPC. */
  readonly size?: number
  /**
   * What has to be asserted: `state`, if left out, is what each path holds in the end, in any order. `operations` is every call that writes,
   * one after the other: `tripwire.fs.assert('rename:out.tmp', { to: 'out.txt' })`.
   */
  readonly ledger?: 'state' | 'operations'
}

export interface FsFault {
  /** Reading and writing if left out; `probe` is looking: `stat`, `access`, `exists`. */
  readonly on?: 'read' | 'write' | 'probe'
  /** How many bytes of each file pass before it fails; it fails when it is opened if left out. */
  readonly after?: number
}

/** What became of a volume since it was made, by path; sorted, so that snapshots hold. */
export interface FsDiff {
  /** What each new file holds; `<binary, 12 bytes>` for what is no text. */
  readonly created: Readonly<Record<string, string>>
  /** A unified diff of each file; sizes for what is no text. */
  readonly changed: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

/** A look at a volume, which no sandbox sees. Paths are relative to where the names of the volume start. */
export interface FsView {
  /** Text where the file holds that, else bytes. @throws where there is no file */
  read(path: string): string | Buffer
  /** Every file, link and empty folder of the volume itself. */
  tree(): Readonly<Record<string, unknown>>
  diff(): FsDiff
  /**
   * Writes the volume into a real folder, as the test itself (where it may write).
   *
   * @throws where a path or link would leave the folder; then nothing is written
   */
  export(folder: string): void
}

export interface FsVolume extends FsView {
  /** No call need use it. */
  optional(): void
}

/** What is expected of a call on a volume with `{ ledger: 'operations' }`, beside what its pattern says. */
export interface FsFacts {
  /** What a file holds after it was written: text, or bytes. `{ link }` of a symbolic link; the files of a folder that was copied, by path. */
  readonly content?: unknown
  /** Where something was moved or linked to. */
  readonly to?: unknown
  readonly mode?: unknown
  /** The code that it failed with. */
  readonly error?: unknown
  /** As it was called: `'writeFileSync'`. */
  readonly function?: unknown
  readonly [fact: string]: unknown
}

/** What is expected of a path. A name that ends in `/` is a folder. */
export type FsExpected =
  | string
  | RegExp
  | ArrayBufferView
  /** Not there. */
  | null
  | { readonly link: unknown }
  | { readonly content?: unknown; readonly mode?: unknown }
  /** A matcher, for the text of a file. */
  | { asymmetricMatch(value: unknown): boolean }

/** `tripwire.fs` */
export interface FsFamily extends Omit<Family, 'mock' | 'assert'> {
  /**
   * Lays a disk in memory over the real one: in sandboxes every write lands in it. Each change has to be asserted.
   *
   * @param contents by path
   * @throws SandboxMisuseError for what cannot be meant
   * @example
   * tripwire.fs.volume({ 'in.csv': '1;2', 'out/': null })
   * await tripwire.sandbox(() => report('in.csv', 'out/report.txt'))
   * tripwire.fs.assert({ 'out/report.txt': expect.stringContaining('total') })
   */
  volume(contents?: Readonly<Record<string, FsContent>>, options?: FsVolumeOptions): FsVolume
  /**
   * Makes calls on the volume of this scope fail.
   *
   * @param pattern a path, `*` for anything in a part of it, `**` across parts; relative to where the names of the volume start
   * @param error a code of the system, with which the call fails as Node's do; or the error itself
   * @throws SandboxMisuseError where there is no volume
   * @example tripwire.fs.fail('logs/**', 'ENOSPC', { on: 'write', after: 1024 })
   */
  fail(pattern: string, error: string | Error, options?: FsFault): void
  /** Makes reading and writing take so long, in milliseconds; the sync forms wait. @throws SandboxMisuseError where there is no volume */
  slow(pattern: string, ms: number): void
  /** Makes each read give so many bytes at most, as pipes and network disks do. @throws SandboxMisuseError where there is no volume */
  short(pattern: string, bytes: number): void
  /**
   * Says what stands under paths by now; or which call was the next, of those that `passThrough` let through and of those on a volume with
   * `{ ledger: 'operations' }`.
   *
   * @param call what was done and the path: `'write:a.txt'`, `'make:logs'`, `'remove:…'`, `'rename:…'`, `'link:…'`, `'mode:…'`, `'owner:…'`, `'times:…'`
   * @throws InteractionMismatchError
   */
  assert(state: Readonly<Record<string, FsExpected>>): void
  assert(call: string | RegExp, facts?: FsFacts): void
}
