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
