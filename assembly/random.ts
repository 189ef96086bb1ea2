/**
 * Random words from counters and a key, as src/random.ts draws them: Threefry-2x32 with 20 rounds (Salmon et al., SC 2011), on four
 * counters at a time.
 */

/** The rotations of four rounds, a byte each, the first lowest: a rotation takes its count modulo 32, higher bytes and all. */
const ODD: u32 = 0x061a0f0d;
const EVEN: u32 = 0x18101d11;

/** Encrypts four counters, of which one word is in the lanes of `c0` and the other is `c1`, under a key: eight words, the first of each counter first. */
function threefry(out: usize, k0: u32, k1: u32, c0: v128, c1: u32): void {
  let x = i32x4.add(c0, i32x4.splat(k0));
  let y = i32x4.splat(c1 + k1);
  // The keys that are added next; they go round.
  let a = k1;
  let b: u32 = 0x1bd11bda ^ k0 ^ k1;
  let c = k0;
  for (let injection: u32 = 1; injection <= 5; injection++) {
    for (let rotations = injection & 1 ? ODD : EVEN; rotations > 0; rotations >>= 8) {
      x = i32x4.add(x, y);
      y = v128.xor(v128.or(i32x4.shl(y, rotations), i32x4.shr_u(y, 32 - rotations)), x);
    }
    x = i32x4.add(x, i32x4.splat(a));
    y = i32x4.add(y, i32x4.splat(b + injection));
    const used = a;
    a = b;
    b = c;
    c = used;
  }
  v128.store(out, v128.shuffle<i32>(x, y, 0, 4, 1, 5));
  v128.store(out, v128.shuffle<i32>(x, y, 2, 6, 3, 7), 16);
}

/** The place of 'shuffling' among the purposes of src/random.ts. */
const SHUFFLING: u32 = 1;

/**
 * order := 0 .. count − 1 in the order that Fisher and Yates draw from the shuffling stream of a seed and an epoch. The 32 bytes behind it
 * are for random words.
 */
export function shuffle(order: usize, count: i32, seedLow: u32, seedHigh: u32, epoch: u32): void {
  const words = order + (<usize>count << 2);
  threefry(words, seedLow, seedHigh, i32x4.splat(SHUFFLING), epoch);
  const key0 = load<u32>(words);
  const key1 = load<u32>(words, 4);
  for (let i = 0; i < count; i++) store<i32>(order + (<usize>i << 2), i);
  let counters = i32x4(0, 1, 2, 3);
  for (let i = count - 1, drawn: usize = 32; i > 0; i--, drawn += 4) {
    if (drawn == 32) {
      threefry(words, key0, key1, counters, 0);
      counters = i32x4.add(counters, i32x4.splat(4));
      drawn = 0;
    }
    const j = <u32>(<f64>load<u32>(words + drawn) * 2.3283064365386963e-10 * <f64>(i + 1));
    const at = order + (<usize>i << 2);
    const other = order + (<usize>j << 2);
    const swap = load<i32>(at);
    store<i32>(at, load<i32>(other));
    store<i32>(other, swap);
  }
}
