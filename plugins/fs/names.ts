/** Names of functions of `node:fs`, by what they do and how they are called. */
import { CHANGES, type Form } from './table.ts'

/** @param fn as it was called: `mkdirSync`, `FileHandle.chmod` */
export function changeOf(fn: string): string {
  return CHANGES[fn.replace(/^FileHandle\./, '').replace(/Sync$/, '')] ?? 'write'
}

/** The name under which a form of an operation is exported. */
export function exportName(name: string, form: Form): string {
  return form === 'sync' ? `${name}Sync` : name
}

/** Whether a form is a property of `fs.promises` rather than of `fs`. */
export function isPromised(form: Form): boolean {
  return form === 'promise' || form === 'iterator'
}
