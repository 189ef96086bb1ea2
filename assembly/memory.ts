/** Kernels over plain ranges of memory. */

import { paddedBytes, unlessBelow } from "./simd";

/** Up to this many bytes a loop is faster than the engine's own fill and copy, which cost a call out of the module. */
const SHORT: usize = 512;

/** Copies a range of a multiple of 16 bytes. */
export function copy(to: usize, from: usize, bytes: usize): void {
  if (bytes > SHORT) {
    memory.copy(to, from, bytes);
    return;
  }
  for (const end = from + bytes; from < end; from += 16, to += 16) v128.store(to, v128.load(from));
}

/** range[0 .. count) := 0 */
export function zero(range: usize, count: i32): void {
  const bytes = paddedBytes(count);
  if (bytes > SHORT) {
    memory.fill(range, 0, bytes);
    return;
  }
  for (const end = range + bytes; range < end; range += 16) v128.store(range, i32x4.splat(0));
}

/** range[rows, columns]: values below 1e-30 become 0, which the products after them would be slowed by. */
export function flush(range: usize, rows: i32, columns: i32): void {
  flushBelow(range, paddedBytes(rows * columns), 1e-30);
}

/** Values below `least` become 0. */
export function flushBelow(range: usize, bytes: usize, least: f32): void {
  const limit = f32x4.splat(least);
  for (; bytes > 0; bytes -= 16, range += 16) v128.store(range, unlessBelow(v128.load(range), limit));
}

/** to[0 .. count) := from[0 .. count) */
export function copyRange(to: usize, from: usize, count: i32): void {
  copy(to, from, paddedBytes(count));
}

/** counter[0] := value */
export function mark(counter: usize, value: i32): void {
  store<i32>(counter, value);
}

/** counter[0] += 1 */
export function increment(counter: usize): void {
  store<i32>(counter, load<i32>(counter) + 1);
}

/** How many of `count` floats are NaN or infinite. */
export function countNonFinite(range: usize, count: i32): i32 {
  const end = range + (<usize>(count & ~3) << 2);
  const tail = range + (<usize>count << 2);
  let lanes = i32x4.splat(0);
  while (range < end) {
    // x − x is 0 for a finite x and NaN for any other; a comparison gives −1 in each lane where it holds.
    const x = v128.load(range);
    const difference = f32x4.sub(x, x);
    lanes = i32x4.sub(lanes, f32x4.ne(difference, difference));
    range += 16;
  }
  let found = i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) + i32x4.extract_lane(lanes, 3);
  while (range < tail) {
    const x = load<f32>(range);
    if (x - x != 0) found++;
    range += 4;
  }
  return found;
}

/** out[rows, columns] := the rows of data that order[cursor[0] ..] names. */
export function gather(out: usize, data: usize, order: usize, cursor: usize, rows: i32, columns: i32): void {
  const bytes = <usize>columns << 2;
  const vectors = bytes & ~15;
  order += <usize>load<u32>(cursor) << 2;
  // Up to four values at once: what is copied too far, the next row overwrites.
  for (; columns <= 4 && <usize>rows * bytes >= 16; rows--) {
    v128.store(out, v128.load(data + <usize>load<u32>(order) * bytes));
    order += 4;
    out += bytes;
  }
  for (; rows > 0; rows--) {
    const from = data + <usize>load<u32>(order) * bytes;
    let at: usize = 0;
    for (; at < vectors; at += 16) v128.store(out + at, v128.load(from + at));
    for (; at < bytes; at += 4) store<f32>(out + at, load<f32>(from + at));
    order += 4;
    out += bytes;
  }
}
