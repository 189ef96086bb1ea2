/** The whole difference between Node and browsers, and the one place that speaks to the console. */

const said = new Set<string>();

/** Warns on the console, each message once a process. */
export function warnOnce(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  console.warn(message);
}

/** Prints a line on the console. */
export function say(line: string): void {
  console.log(line);
}

/** Writes over the line at hand where that is a terminal's, and leaves the cursor in it; an empty line clears it. */
export function sayInPlace(line: string): void {
  const { stdout } = (globalThis as { process?: { stdout?: { isTTY?: boolean; columns: number; write(text: string): void } } }).process ?? {};
  if (stdout?.isTTY !== true) return;
  // A terminal that does not know its width says 0.
  const { columns } = stdout;
  stdout.write(`\r${line.slice(0, (columns > 0 ? columns : 80) - 1)}\x1b[K`);
}

/** Resolves after the event loop has had a turn: timers, input and painting come first. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    // setTimeout would wait 4 ms in a page after a few turns.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** A module of Node's own, out of sight of bundlers; undefined in a page. */
function nodeModule(name: string): unknown {
  return (globalThis as { process?: { getBuiltinModule?(id: string): unknown } }).process?.getBuiltinModule?.(name);
}

/** A file of the library that is loaded when something asks for it. */
export interface Part<Exports> {
  /** Loads it, on every platform. */
  load(): Promise<Exports>;
  /** What was loaded. Node loads it here and now; elsewhere it is undefined until `load` has resolved. */
  loaded(): Exports | undefined;
}

/** A part by its file in dist/, which lies beside the library's own, and by the `import()` that bundlers follow. */
export function onDemand<Exports>(file: string, load: () => Promise<Exports>): Part<Exports> {
  let part: Exports | undefined;
  return {
    load: async () => (part ??= await load()),
    loaded() {
      try {
        part ??= (nodeModule('node:module') as typeof import('node:module')).createRequire(import.meta.url)(file) as Exports;
      } catch {
        // Not Node, one that cannot require modules yet, or the library was bundled into another file.
      }
      return part;
    },
  };
}

/** A thread beside this one, which never keeps a process alive. */
export interface WorkerHandle {
  /** Why it has ended, if it has. */
  readonly ended: string | undefined;
  post(message: unknown): void;
  /** Resolves when it tells something next, or ends. */
  answer(): Promise<void>;
  stop(): void;
}

/** What Node's workers and those of a page have in common here. */
interface PlatformWorker {
  postMessage(message: unknown): void;
  terminate(): unknown;
  ref?(): void;
  unref?(): void;
}

interface NodeWorker extends PlatformWorker {
  on(event: string, listener: (value: unknown) => void): void;
}

/**
 * Starts a worker from its source, so that no bundler has to know of it: a script that defines `serve`, which gets every message
 * posted, and may call `tell`.
 */
export function startWorker(source: string): WorkerHandle {
  const handle: { ended: string | undefined } & WorkerHandle = {
    ended: undefined, post: () => undefined, answer: () => Promise.resolve(), stop: () => undefined,
  };
  let heard = (): void => undefined;
  const end = (reason: unknown): void => {
    handle.ended ??= String(reason);
    heard();
  };
  try {
    const worker = startOn(source, () => heard(), end);
    handle.post = (message) => worker.postMessage(message);
    handle.answer = async () => {
      worker.ref?.();
      await new Promise<void>((resolve) => {
        heard = resolve;
        if (handle.ended !== undefined) resolve();
      });
      worker.unref?.();
    };
    handle.stop = () => void worker.terminate();
  } catch (cause) {
    end(cause);
  }
  return handle;
}

function startOn(source: string, heard: () => void, end: (reason: unknown) => void): PlatformWorker {
  const node = nodeModule('node:worker_threads') as { Worker: new (source: string, options: object) => NodeWorker } | undefined;
  if (node === undefined) {
    const script = `const tell = (message) => postMessage(message);${source}onmessage = ({ data }) => serve(data);`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    worker.onmessage = heard;
    worker.onerror = ({ message }) => end((message as string | undefined) ?? 'it could not start; a content security policy needs worker-src blob:');
    return worker;
  }
  const script = `const { parentPort } = process.getBuiltinModule('node:worker_threads');
    const tell = (message) => parentPort.postMessage(message);${source}parentPort.on('message', serve);`;
  const worker = new node.Worker(script, { eval: true, execArgv: [] });
  worker.unref?.();
  worker.on('message', heard);
  worker.on('error', end);
  worker.on('exit', (code) => end(`exit code ${String(code)}`));
  return worker;
}

/** Whether workers start though the thread that made them lets no other task run: they do on Node. */
export function workersStartAtOnce(): boolean {
  return nodeModule('node:worker_threads') !== undefined;
}

/** Whether this thread may sleep until another wakes it: the main thread of a page must not. */
export function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/** How many threads the machine can run at once. */
export function availableThreads(): number {
  const os = nodeModule('node:os') as { availableParallelism(): number } | undefined;
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** A file of text. Node's own errors come out of it. */
export interface TextFile {
  /** Whether there is nothing in it, or no such file. */
  empty(): boolean;
  clear(): void;
  append(text: string): void;
}

/** The file at a path, which need not exist yet; undefined where there are no files. */
export function textFile(path: string): TextFile | undefined {
  const fs = nodeModule('node:fs') as typeof import('node:fs') | undefined;
  return fs && {
    empty: () => (fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0,
    clear: () => fs.writeFileSync(path, ''),
    append: (text) => fs.appendFileSync(path, text),
  };
}

/** The path that a `file:` URL stands for; where there are no files, what stands behind the scheme. */
export function pathOf(url: string): string {
  const { fileURLToPath } = (nodeModule('node:url') ?? { fileURLToPath: (text: string) => text.slice(7) }) as Pick<typeof import('node:url'), 'fileURLToPath'>;
  return fileURLToPath(url);
}

/** Files as wholes. Node's own errors come out of it. */
export interface Files {
  /** Undefined where there is no such file. */
  read(path: string): Uint8Array | undefined;
  /** Replaces a file: whenever the machine stops, it holds what it held, or all of the bytes. They are written to `draft` first, in the same folder. */
  replace(path: string, draft: string, bytes: Uint8Array): void;
  /** Does nothing where there is no such file. */
  remove(path: string): void;
  /** The names of all that lies in the folder of a path. */
  beside(path: string): string[];
}

/** Undefined where there are no files. */
export function files(): Files | undefined {
  const fs = nodeModule('node:fs') as typeof import('node:fs') | undefined;
  const { dirname } = (nodeModule('node:path') ?? {}) as typeof import('node:path');
  const sync = (path: string, flags: string, work: (file: number) => void): void => {
    const file = fs!.openSync(path, flags);
    try {
      work(file);
      fs!.fsyncSync(file);
    } finally {
      fs!.closeSync(file);
    }
  };
  return fs && {
    read: (path) => (fs.existsSync(path) ? fs.readFileSync(path) : undefined),
    replace(path, draft, bytes) {
      sync(draft, 'w', (file) => fs.writeFileSync(file, bytes));
      fs.renameSync(draft, path);
      // Lest the name be lost with the power. Windows has no such thing for folders.
      if (process.platform !== 'win32') sync(dirname(path), 'r', () => undefined);
    },
    remove: (path) => fs.rmSync(path, { force: true }),
    beside: (path) => fs.readdirSync(dirname(path)),
  };
}

/** The bytes of a file, in pieces; undefined where there are no files. Node's own errors come out as it is read. */
export function fileBytes(path: string | URL): AsyncIterable<Uint8Array> | undefined {
  return (nodeModule('node:fs') as typeof import('node:fs') | undefined)?.createReadStream(path);
}
