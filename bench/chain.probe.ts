/**
 * The highest rate that strict multiplications and additions on four lanes reach with nothing from memory, and a clock to
 * count it in; README.md has the arrangements that were tried. AssemblyScript, compiled by ceiling.ts.
 */

/**
 * Room for 15 vectors, set to 1 by whoever runs this. The chain loads all it starts from: V8 would build a splat anew in every
 * turn, on the very ports that are to be measured, and might take chains that start alike for one.
 */
export const ones: usize = memory.data(240, 16);

/**
 * Each turn 7 multiplications and 7 additions, each waiting for none but its own last: 14 values and one constant fill the
 * 15 vector registers that V8 has to give.
 */
export function chain(turns: i32): f32 {
  const one = v128.load(ones);
  let p0 = v128.load(ones, 16), s0 = v128.load(ones, 128);
  let p1 = v128.load(ones, 32), s1 = v128.load(ones, 144);
  let p2 = v128.load(ones, 48), s2 = v128.load(ones, 160);
  let p3 = v128.load(ones, 64), s3 = v128.load(ones, 176);
  let p4 = v128.load(ones, 80), s4 = v128.load(ones, 192);
  let p5 = v128.load(ones, 96), s5 = v128.load(ones, 208);
  let p6 = v128.load(ones, 112), s6 = v128.load(ones, 224);
  for (; turns > 0; turns--) {
    p0 = f32x4.mul(p0, one);
    s0 = f32x4.add(s0, one);
    p1 = f32x4.mul(p1, one);
    s1 = f32x4.add(s1, one);
    p2 = f32x4.mul(p2, one);
    s2 = f32x4.add(s2, one);
    p3 = f32x4.mul(p3, one);
    s3 = f32x4.add(s3, one);
    p4 = f32x4.mul(p4, one);
    s4 = f32x4.add(s4, one);
    p5 = f32x4.mul(p5, one);
    s5 = f32x4.add(s5, one);
    p6 = f32x4.mul(p6, one);
    s6 = f32x4.add(s6, one);
  }
  const products = f32x4.add(f32x4.add(f32x4.add(p0, p1), f32x4.add(p2, p3)), f32x4.add(f32x4.add(p4, p5), p6));
  const sums = f32x4.add(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), f32x4.add(f32x4.add(s4, s5), s6));
  return f32x4.extract_lane(f32x4.add(products, sums), 0);
}

/** Each turn 16 integer multiplications that wait for each other: 48 cycles, for each takes 3 on all that runs this. */
export function clock(turns: i32): i32 {
  const factor = turns | 3;
  let x = turns | 1;
  for (; turns > 0; turns--) {
    x = x * factor * factor * factor * factor * factor * factor * factor * factor;
    x = x * factor * factor * factor * factor * factor * factor * factor * factor;
  }
  return x;
}
