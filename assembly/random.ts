/**
 * Random words from a counter and a key, as src/random.ts draws them: Threefry-2x32 with 20 rounds (Salmon et al., SC 2011).
 */

/** The rotations of four rounds, a byte each, the first lowest: a rotation takes its count modulo 32, higher bytes and all. */
const ODD: u32 = 0x061a0f0d;
const EVEN: u32 = 0x18101d11;

/** Encrypts a counter under a key: the first word in the low half, the second in the high half. */
function threefry(k0: u32, k1: u32, c0: u32, c1: u32): u64 {
  let x = c0 + k0;
  let y = c1 + k1;
  // The keys that are added next; they go round.
  let a = k1;
  let b: u32 = 0x1bd11bda ^ k0 ^ k1;
  let c = k0;
  for (let injection: u32 = 1; injection <= 5; injection++) {
    for (let rotations = injection & 1 ? ODD : EVEN; rotations > 0; rotations >>= 8) {
      x += y;
      y = rotl<u32>(y, rotations) ^ x;
    }
    x += a;
    y += b + injection;
    const used = a;
    a = b;
    b = c;
    c = used;
  }
  return (<u64>x) | ((<u64>y) << 32);
}

/** The place of 'shuffling' among the purposes of src/random.ts. */
const SHUFFLING: u32 = 1;

/** order := 0 .. count − 1 in the order that Fisher and Yates draw from the shuffling stream of a seed and an epoch. */
export function shuffle(order: usize, count: i32, seedLow: u32, seedHigh: u32, epoch: u32): void {
  const key = threefry(seedLow, seedHigh, SHUFFLING, epoch);
  for (let i = 0; i < count; i++) store<i32>(order + (<usize>i << 2), i);
  let words: u64 = 0;
  let drawn: u32 = 0;
  for (let i = count - 1; i > 0; i--, drawn++) {
    // Two words a counter, the first one first.
    words = drawn & 1 ? words >> 32 : threefry(<u32>key, <u32>(key >> 32), drawn >> 1, 0);
    const j = <u32>(<f64>(<u32>words) / 4294967296 * <f64>(i + 1));
    const at = order + (<usize>i << 2);
    const other = order + (<usize>j << 2);
    const swap = load<i32>(at);
    store<i32>(at, load<i32>(other));
    store<i32>(other, swap);
  }
}
