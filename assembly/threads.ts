/**
 * What threads need to walk plans together: a barrier, and a way to wait for the next plan. They share one memory; a control
 * block in it, of 64 bytes for each of the words below so that no two share a cache line, is all they say to each other. See
 * `src/backend/threads.ts`, and `sharing.ts` beside it, which splits a plan into one for each thread.
 */

/** Threads that have come to the barrier, and how often all have. */
const ARRIVED: usize = 0;
const PASSED: usize = 64;
/** How often all had come when the leading thread arrived at the barrier it waits at; beside it, how many threads have left. */
const HELD: usize = 128;
const LEFT: usize = 132;
/** Goes up by one for every plan to walk; beside it, how often a thread looks at a word before it goes to sleep. */
const COMMAND: usize = 192;
const SPINS: usize = 196;
/** One address a thread, 0 for one that shall leave. */
const PLANS: usize = 256;

/**
 * Waits until a word is no longer `value`: for good where `milliseconds` is negative, without sleeping where it is 0. Returns
 * whether it changed.
 */
function changed(control: usize, word: usize, value: i32, milliseconds: i32): bool {
  const spins = load<i32>(control + SPINS);
  for (let left = milliseconds ? spins : 10 * spins; left > 0; left--) if (atomic.load<i32>(control + word) != value) return true;
  if (milliseconds == 0) return false;
  const nanoseconds = milliseconds < 0 ? -1 : <i64>milliseconds * 1_000_000;
  while (atomic.load<i32>(control + word) == value) if (atomic.wait<i32>(control + word, value, nanoseconds) == 2) return false;
  return true;
}

/** Waits for the other threads; false where `milliseconds` passed before they came. */
export function barrier(control: usize, threads: i32, milliseconds: i32): bool {
  const passed = atomic.load<i32>(control + PASSED);
  if (milliseconds >= 0) store<i32>(control + HELD, passed);
  if (atomic.add<i32>(control + ARRIVED, 1) + 1 < threads) return changed(control, PASSED, passed, milliseconds);
  atomic.store<i32>(control + ARRIVED, 0);
  atomic.add<i32>(control + PASSED, 1);
  atomic.notify(control + PASSED, -1);
  return true;
}

/** Whether a barrier that the leading thread has arrived at is passed by now. */
export function passed(control: usize, milliseconds: i32): bool {
  return changed(control, PASSED, load<i32>(control + HELD), milliseconds);
}

/** Waits for the next plan of thread `thread`; 0: it shall leave, and has said so. `command` is how many there were before. */
export function nextPlan(control: usize, thread: i32, command: i32): usize {
  changed(control, COMMAND, command, -1);
  const plan = load<u32>(control + PLANS + (<usize>thread << 2));
  if (plan == 0) atomic.add<i32>(control + LEFT, 1);
  return plan;
}
