/** Where files of models lie: paths, URLs, what pages can store, and handlers. The schemes are those of TensorFlow.js. */

import { DataError, didYouMean, OptionError, unexpected } from '../errors.ts';
import type { ModelHandler } from '../model/savable.ts';
import { files, pathOf } from '../platform.ts';
import { diskFor, replaceFile } from './modelFile.ts';

/** What can be said about a place in a page, of which Node has none. */
interface Page {
  readonly indexedDB?: IDBFactory;
  readonly localStorage?: Storage;
  readonly document?: Document;
}

const schemes = ['file', 'http', 'https', 'indexeddb', 'localstorage', 'downloads'] as const;

/** A place by its scheme; `path` where there is none. */
interface Place {
  readonly scheme: (typeof schemes)[number] | 'path' | 'url';
  /** What comes behind the scheme, all of it where there is none; the path of a `file:` URL. */
  readonly name: string;
  readonly where: string;
}

export function placeOf(verb: string, given: string | URL): Place {
  const text = String(given);
  if (text === '') throw unexpected(verb, 'a path, a URL or a handler', given);
  const where = `${verb} '${text}'`;
  // `data:` and `blob:` have no slashes.
  if (given instanceof URL && !text.includes('://')) return { scheme: 'url', name: text, where };
  const [, written = '', name = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  if (written === '') return { scheme: 'path', name: text, where };
  const scheme = schemes.find((known) => known === written.toLowerCase());
  if (scheme === undefined) throw new OptionError(`${where}: unknown scheme${didYouMean(written, schemes)}; known are ${schemes.join(', ')}`);
  if (scheme === 'file') return { scheme: 'path', name: pathOf(text), where };
  if (scheme.startsWith('http')) return { scheme, name: text, where };
  if (name === '') throw new OptionError(`${where}: expected a name behind ${scheme}://`);
  return { scheme, name, where };
}

/** What to do with a place that is one of one's own: there must be a function of that name. */
function handlerOf(verb: 'loadModel' | 'save', function_: keyof ModelHandler, given: unknown): ModelHandler {
  const handler = given as ModelHandler | null | undefined;
  if (typeof handler !== 'object' || typeof handler?.[function_] !== 'function') {
    throw unexpected(verb, `a path, a URL or an object with a function '${function_}'`, given);
  }
  return handler;
}

/** Writes a file; what lay there before is as it was if that fails. */
export async function writeTo(verb: 'save', target: string | URL | ModelHandler, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (typeof target !== 'string' && !(target instanceof URL)) {
    await handlerOf(verb, 'save', target).save!(bytes);
    return;
  }
  const { scheme, name, where } = placeOf(verb, target);
  switch (scheme) {
    case 'path':
      return replaceFile(where, diskFor(where), name, `${name}.tmp`, bytes);
    case 'downloads':
      return download(where, name, bytes);
    case 'indexeddb':
      return void await store(where, 'readwrite', (models) => models.put(bytes, name));
    case 'localstorage':
      return keepText(where, name, bytes);
    default:
      throw new OptionError(`${where}: a model can be loaded from there, not saved`);
  }
}

/** Reads a file. */
export async function readFrom(verb: 'loadModel', source: string | URL | ModelHandler): Promise<Uint8Array> {
  if (typeof source !== 'string' && !(source instanceof URL)) {
    const bytes = await handlerOf(verb, 'load', source).load!();
    if (!(bytes instanceof Uint8Array)) throw unexpected(`${verb}: the handler's load`, 'the bytes of a file, a Uint8Array', bytes);
    return bytes;
  }
  const { scheme, name, where } = placeOf(verb, source);
  switch (scheme) {
    case 'path':
      // A page takes a path for one beside its own.
      return files() === undefined ? fetched(where, name) : readFile(where, name);
    case 'indexeddb':
      return found(where, await store(where, 'readonly', (models) => models.get(name) as IDBRequest<Uint8Array | undefined>));
    case 'localstorage':
      return keptText(where, name);
    case 'downloads':
      throw new OptionError(`${where}: a model can be saved there, not loaded`);
    default:
      return fetched(where, name);
  }
}

/** Reads a file of that plain name in the folder of another. */
export async function readBeside(verb: 'loadModel', source: string | URL, file: string): Promise<Uint8Array> {
  const { scheme, name, where } = placeOf(verb, source);
  if (scheme === 'path' && files() !== undefined) return readFile(`${where}: '${file}'`, folderOf(name) + file);
  if (scheme !== 'path' && !scheme.startsWith('http')) throw new DataError(`${where}: nothing lies beside that, and the file needs '${file}'; give both, as { modelJson, weights }`);
  const { baseURI } = (globalThis as Page).document ?? {};
  const url = new URL(name, baseURI ?? (globalThis.location as Location | undefined)?.href);
  const address = new URL(encodeURIComponent(file), url);
  // What lets one file through may be there.
  address.search = url.search;
  return fetched(`${where}: '${file}'`, address.href);
}

/** All of a path but the name of the file. */
export const folderOf = (path: string): string => path.replace(/[^\\/]*$/, '');

function found<Value>(where: string, value: Value | null | undefined): Value {
  if (value === undefined || value === null) throw new DataError(`${where}: there is no such model`);
  return value;
}

function failed(where: string, what: string, cause: unknown): DataError {
  return new DataError(`${where}: ${what} (${(cause as Error | null)?.message})`, { cause });
}

function readFile(where: string, path: string): Uint8Array {
  let bytes;
  try {
    bytes = files()!.read(path);
  } catch (cause) {
    throw failed(where, 'the file could not be read', cause);
  }
  if (bytes === undefined) throw new DataError(`${where}: there is no such file`);
  return bytes;
}

async function fetched(where: string, url: string): Promise<Uint8Array> {
  let response;
  try {
    response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw failed(where, 'the file could not be fetched', cause);
  }
  throw new DataError(`${where}: the server answered ${response.status} ${response.statusText}`.trim());
}

function absent(where: string, what: string): OptionError {
  return new OptionError(`${where}: there is no ${what} here; it needs a page`);
}

export function download(where: string, name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const { document } = globalThis as Page;
  if (document === undefined) throw absent(where, 'document');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  link.download = name.includes('.') ? name : `${name}.safetensors`;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const databaseName = 'nabla';
const storeName = 'models';

/** A request to the models in IndexedDB, complete. */
async function store<Result>(where: string, mode: IDBTransactionMode, ask: (models: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
  const { indexedDB } = globalThis as Page;
  if (indexedDB === undefined) throw absent(where, 'IndexedDB');
  try {
    const opening = indexedDB.open(databaseName, 1);
    opening.onupgradeneeded = () => void opening.result.createObjectStore(storeName);
    await new Promise<void>((resolve, reject) => {
      opening.onsuccess = () => resolve();
      opening.onerror = () => reject(opening.error!);
    });
    const database = opening.result;
    try {
      const transaction = database.transaction(storeName, mode);
      const request = ask(transaction.objectStore(storeName));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? request.error!);
      });
      return request.result;
    } finally {
      database.close();
    }
  } catch (cause) {
    throw failed(where, 'IndexedDB failed', cause);
  }
}

function storage(where: string): Storage {
  try {
    const { localStorage } = globalThis as Page;
    if (localStorage !== undefined) return localStorage;
  } catch (cause) {
    throw failed(where, 'the page may not use localStorage', cause);
  }
  throw absent(where, 'localStorage');
}

/** Bytes as text, four characters for three. */
function keepText(where: string, name: string, bytes: Uint8Array): void {
  const kept = storage(where);
  let text = '';
  // A function takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  const base64 = btoa(text);
  try {
    kept.setItem(`nabla/${name}`, base64);
  } catch (cause) {
    throw failed(where, `localStorage has no room for ${base64.length} characters; save to indexeddb://${name}, which has more`, cause);
  }
}

function keptText(where: string, name: string): Uint8Array {
  const text = found(where, storage(where).getItem(`nabla/${name}`));
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw failed(where, 'what localStorage holds is no file', cause);
  }
}
