/** What makes numbers to learn from out of the rows of a table, in which values may be missing (NaN) and columns may be codes of categories. */

/** out[rows, units] := values, or where input is NaN fill[units]; a fill address of 0 means 0. */
export function impute(out: usize, values: usize, input: usize, fill: usize, rows: i32, units: i32): void {
  const bytes = <usize>units << 2;
  const wide = bytes & ~15;
  for (; rows > 0; rows--) {
    let at: usize = 0;
    for (; at < wide; at += 16) {
      const x = v128.load(input + at);
      const other = fill ? v128.load(fill + at) : f32x4.splat(0);
      v128.store(out + at, v128.bitselect(v128.load(values + at), other, f32x4.eq(x, x)));
    }
    for (; at < bytes; at += 4) {
      const x = load<f32>(input + at);
      store<f32>(out + at, x == x ? load<f32>(values + at) : fill ? load<f32>(fill + at) : 0);
    }
    out += bytes;
    values += bytes;
    input += bytes;
  }
}

/**
 * Of rows of `units` values at `out`, `columns` columns: where `codes` is 0, those of rows of `inputs` values at `input`; otherwise 1 in the
 * place that the value there names, if it is an integer from 0 to codes - 1, else in place `codes`, if there is one, and 0 in all others.
 */
export function oneHot(out: usize, input: usize, rows: i32, columns: i32, codes: i32, inputs: i32, units: i32): void {
  const bytes = <usize>columns << 2;
  const wide = bytes & ~15;
  for (; rows > 0; rows--) {
    let at: usize = 0;
    if (codes) {
      for (; at < wide; at += 16) v128.store(out + at, i32x4.splat(0));
      for (; at < bytes; at += 4) store<i32>(out + at, 0);
      const x = load<f32>(input);
      let place = codes;
      if (x >= 0 && x < <f32>codes) {
        const code = <i32>x;
        if (<f32>code == x) place = code;
      }
      // As a number without a sign, a place of -1 is behind all.
      if (<u32>place < <u32>columns) store<f32>(out + (<usize>place << 2), 1);
    } else {
      for (; at < wide; at += 16) v128.store(out + at, v128.load(input + at));
      for (; at < bytes; at += 4) store<i32>(out + at, load<i32>(input + at));
    }
    out += <usize>units << 2;
    input += <usize>inputs << 2;
  }
}
