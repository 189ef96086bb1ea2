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
        part ??= process.getBuiltinModule('module').createRequire(import.meta.url)(file) as Exports;
      } catch {
        // Not Node, one that cannot require modules yet, or the library was bundled into another file.
      }
      return part;
    },
  };
}

interface HexDecoders {
  Uint8Array: { fromHex?(digits: string): Uint8Array<ArrayBuffer> };
  Buffer?: { from(digits: string, encoding: 'hex'): Uint8Array<ArrayBuffer> };
}

/** The bytes of hexadecimal digits, by what the platform has: a loop takes ten times as long before it is compiled. */
export function bytesFromHex(digits: string): Uint8Array<ArrayBuffer> {
  const { Uint8Array: bytes, Buffer: buffer } = globalThis as unknown as HexDecoders;
  return bytes.fromHex?.(digits) ?? buffer?.from(digits, 'hex')
    ?? Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
