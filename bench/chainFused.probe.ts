/**
 * The highest rate of fused multiply-adds on four lanes, as chain.probe.ts is that of separate ones: 12 sums, each turn one
 * multiply-add to each. Two units of latency 4 need 8; from 10 on it is at its best, and 14 are no faster. AssemblyScript.
 */

/** Room for 13 vectors, set to 1 by whoever runs this. */
export const ones: usize = memory.data(208, 16);

export function chain(turns: i32): f32 {
  const one = v128.load(ones);
  let s0 = v128.load(ones, 16);
  let s1 = v128.load(ones, 32);
  let s2 = v128.load(ones, 48);
  let s3 = v128.load(ones, 64);
  let s4 = v128.load(ones, 80);
  let s5 = v128.load(ones, 96);
  let s6 = v128.load(ones, 112);
  let s7 = v128.load(ones, 128);
  let s8 = v128.load(ones, 144);
  let s9 = v128.load(ones, 160);
  let s10 = v128.load(ones, 176);
  let s11 = v128.load(ones, 192);
  for (; turns > 0; turns--) {
    s0 = f32x4.relaxed_madd(one, one, s0);
    s1 = f32x4.relaxed_madd(one, one, s1);
    s2 = f32x4.relaxed_madd(one, one, s2);
    s3 = f32x4.relaxed_madd(one, one, s3);
    s4 = f32x4.relaxed_madd(one, one, s4);
    s5 = f32x4.relaxed_madd(one, one, s5);
    s6 = f32x4.relaxed_madd(one, one, s6);
    s7 = f32x4.relaxed_madd(one, one, s7);
    s8 = f32x4.relaxed_madd(one, one, s8);
    s9 = f32x4.relaxed_madd(one, one, s9);
    s10 = f32x4.relaxed_madd(one, one, s10);
    s11 = f32x4.relaxed_madd(one, one, s11);
  }
  const first = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(s4, s5));
  const second = f32x4.add(f32x4.add(f32x4.add(s6, s7), f32x4.add(s8, s9)), f32x4.add(s10, s11));
  return f32x4.extract_lane(f32x4.add(first, second), 0);
}
