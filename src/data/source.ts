/** Bytes, piece by piece, from whatever a user has them in; gzip, told by its first two bytes, is unpacked on the way. */

import { DataError, show } from '../errors.ts';
import { fileBytes } from '../platform.ts';

/** A path (a URL where there are no files), a `URL`, bytes, a `Blob` or `File`, a `Response`, or a stream of bytes. */
export type ByteSource = string | URL | Uint8Array | ArrayBuffer | Blob | Response | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>, void>;

/** The bytes of a source, unpacked. Whatever goes wrong with it is a DataError that has the reason as its cause. */
export async function* readBytes(where: string, source: ByteSource): Pieces {
  const pieces = piecesOf(where, source);
  try {
    // The first two bytes may come one by one.
    let start = new Uint8Array(0);
    while (start.length < 2) {
      const { done, value } = await pieces.next();
      if (done) break;
      start = start.length === 0 ? value : Uint8Array.of(...start, ...value);
    }
    const all = startingWith(start, pieces);
    yield* start[0] === 0x1f && start[1] === 0x8b ? unzipped(where, all) : all;
  } finally {
    await pieces.return();
  }
}

async function* startingWith(start: Uint8Array<ArrayBuffer>, pieces: Pieces): Pieces {
  yield start;
  yield* pieces;
}

async function* piecesOf(where: string, source: ByteSource): Pieces {
  try {
    for await (const piece of await open(where, source)) {
      if (!(piece instanceof Uint8Array)) throw new DataError(`${where}: expected a stream of bytes, received ${show(piece)} in it`);
      yield piece as Uint8Array<ArrayBuffer>;
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const name = typeof source === 'string' ? show(source) : source instanceof URL ? show(source.href) : 'the source';
    throw new DataError(`${where}: ${name} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function open(where: string, source: ByteSource): Promise<AsyncIterable<unknown> | Iterable<unknown>> {
  if (source instanceof Uint8Array) return [source];
  if (source instanceof ArrayBuffer) return [new Uint8Array(source)];
  if (typeof source === 'string' || source instanceof URL) return openAddress(where, source);
  if (typeof source === 'object' && source !== null) {
    if (source instanceof Blob) return streamPieces(source.stream());
    if (source instanceof Response) return responsePieces(where, source);
    if ('getReader' in source) return streamPieces(source);
    if (Symbol.asyncIterator in source) return source;
  }
  throw new DataError(`${where}: expected a path, URL, bytes, Blob, Response or stream, received ${show(source)}`);
}

async function openAddress(where: string, source: string | URL): Promise<AsyncIterable<unknown>> {
  const protocol = /^([a-z][a-z0-9+.-]+):/i.exec(String(source))?.[1]?.toLowerCase();
  const file = protocol === undefined || protocol === 'file' ? fileBytes(protocol === 'file' ? new URL(source) : source) : undefined;
  return file ?? responsePieces(where, await fetch(source));
}

function responsePieces(where: string, response: Response): AsyncIterable<unknown> {
  if (!response.ok) throw new DataError(`${where}: expected a file at ${response.url}, received status ${response.status} ${response.statusText}`);
  return streamPieces(response.body ?? new Blob().stream());
}

/** Not every engine has streams as asynchronous iterables. */
async function* streamPieces(stream: ReadableStream<unknown>): AsyncGenerator<unknown, void> {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    // Of a stream that has failed, that fails again.
    await reader.cancel().catch(() => undefined);
  }
}

async function* unzipped(where: string, pieces: Pieces): Pieces {
  const { readable, writable } = new DecompressionStream('gzip');
  const feeding = feed(writable, pieces);
  try {
    yield* streamPieces(readable) as Pieces;
  } catch (cause) {
    throw (await feeding) ?? new DataError(`${where}: the gzip data are damaged or cut short: ${messageOf(cause)}`, { cause });
  }
}

/** Resolves to what went wrong with the source itself, if something did. */
async function feed(writable: WritableStream<BufferSource>, pieces: Pieces): Promise<DataError | undefined> {
  const writer = writable.getWriter();
  try {
    for await (const piece of pieces) await writer.write(piece);
    await writer.close();
  } catch (cause) {
    await writer.abort(cause).catch(() => undefined);
    if (cause instanceof DataError) return cause;
  }
  return undefined;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
