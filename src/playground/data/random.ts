/** Random numbers out of a seed, for data sets: small and the same on every engine. */

/**
 * Numbers in [0, 1), one a call: mulberry32 (Tommy Ettinger, 2017), a counter through a mixing of 32 bits.
 */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers, by the sum of twelve uniform ones: near enough for noise, and without functions in which engines differ. */
export function normal(draw: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += draw();
  return sum;
}
