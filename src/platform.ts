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

interface NodeModules {
  process?: { getBuiltinModule?(name: string): unknown };
}
interface NodeWorker extends PlatformWorker {
  on(event: string, listener: (value: unknown) => void): void;
}

/** A module of Node's own, out of sight of bundlers; undefined in a page. */
function nodeModule<Module>(name: string): Module | undefined {
  return (globalThis as NodeModules).process?.getBuiltinModule?.(name) as Module | undefined;
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
  const node = nodeModule<{ Worker: new (source: string, options: object) => NodeWorker }>('node:worker_threads');
  if (node === undefined) {
    const script = `const tell = (message) => postMessage(message);${source}onmessage = ({ data }) => serve(data);`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    worker.onmessage = heard;
    worker.onerror = ({ message }) => end(message);
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
  return nodeModule<{ availableParallelism(): number }>('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
