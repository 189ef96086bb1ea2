/**
 * The three products of a dense layer: forward (rows · weight), the gradient of its input (dout · weightᵀ) and that of its
 * parameters (inputᵀ · dout). One register tile of 4 x 8 results serves all of them; the rest is packing.
 *
 * Layout of a weight [inputs, units]: panels of 8 columns, each `inputs` x 8, dense; where 1 to 4 columns are left, a last
 * panel is 4 wide. Columns beyond `units` hold zeros. So the forward product reads memory in order and packs nothing, and
 * updates see one flat range.
 *
 * Each result is one running sum in the order of its inner index, starting from the bias or from what is accumulated to:
 * the tile that computes it does not change its bits.
 */

import { copy } from "./memory";
import { multiplyAdd, paddedBytes } from "./simd";

/** Bytes of a row of a wide (8 floats) and of a narrow (4 floats) panel. */
const WIDE: usize = 32;
const NARROW: usize = 16;

/** Rows of a batch that the parameter gradient takes at a time, and inputs: 256 x 16 floats stay in the first-level cache. */
const BLOCK_ROWS: i32 = 256;
const BLOCK_INPUTS: i32 = 16;
const BLOCK_BYTES: usize = 64;

/** Starting values of sums that start from nothing. */
const zeros: usize = memory.data(128, 16);

// @ts-ignore: decorator
@inline
function widePanels(units: i32): i32 {
  return (units + 3) >> 3;
}

/** Stores the first `columns` (1 to 3) of each of `height` rows; asks for `columns` once for all rows. */
// @ts-ignore: decorator
@inline
function storeParts(
  to0: usize, to1: usize, to2: usize, to3: usize, r0: v128, r1: v128, r2: v128, r3: v128, columns: i32, height: i32,
): void {
  if (columns == 1) {
    v128.store32_lane(to0, r0, 0);
    if (height > 1) v128.store32_lane(to1, r1, 0);
    if (height > 2) v128.store32_lane(to2, r2, 0);
    if (height > 3) v128.store32_lane(to3, r3, 0);
    return;
  }
  v128.store64_lane(to0, r0, 0);
  if (height > 1) v128.store64_lane(to1, r1, 0);
  if (height > 2) v128.store64_lane(to2, r2, 0);
  if (height > 3) v128.store64_lane(to3, r3, 0);
  if (columns == 3) {
    v128.store32_lane(to0, r0, 2, 8);
    if (height > 1) v128.store32_lane(to1, r1, 2, 8);
    if (height > 2) v128.store32_lane(to2, r2, 2, 8);
    if (height > 3) v128.store32_lane(to3, r3, 2, 8);
  }
}

/**
 * out[height, 4·vectors] := start + a · panel, where a is [height, depth], row by row `strideA` bytes apart, or column by
 * column (`byColumn`), a column 64 bytes from the next. `start` rows are `strideStart` bytes apart. Only `columns` are
 * stored, more than 4 of a wide panel. `height` (1 to 4), `vectors` (1 or 2) and `byColumn` are constants at every call.
 *
 * One step of the inner index a turn, on purpose: unrolled, an optimizing engine lifts all loads ahead and spills.
 */
// @ts-ignore: decorator
@inline
function tile(
  out: usize, strideOut: usize, start: usize, strideStart: usize, a: usize, strideA: usize, panel: usize, depth: i32,
  columns: i32, height: i32, vectors: i32, byColumn: bool,
): void {
  let c00 = v128.load(start);
  let c01 = vectors > 1 ? v128.load(start, 16) : c00;
  let c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  if (height > 1) {
    start += strideStart;
    c10 = v128.load(start);
    if (vectors > 1) c11 = v128.load(start, 16);
  }
  if (height > 2) {
    start += strideStart;
    c20 = v128.load(start);
    if (vectors > 1) c21 = v128.load(start, 16);
  }
  if (height > 3) {
    start += strideStart;
    c30 = v128.load(start);
    if (vectors > 1) c31 = v128.load(start, 16);
  }
  let a1 = a, a2 = a, a3 = a;
  if (!byColumn) {
    a1 = a + strideA;
    a2 = a1 + strideA;
    a3 = a2 + strideA;
  }
  for (; depth > 0; depth--) {
    const low = v128.load(panel);
    const high = vectors > 1 ? v128.load(panel, 16) : low;
    let x = v128.load32_splat(a);
    c00 = multiplyAdd(x, low, c00);
    if (vectors > 1) c01 = multiplyAdd(x, high, c01);
    if (height > 1) {
      x = byColumn ? v128.load32_splat(a, 4) : v128.load32_splat(a1);
      c10 = multiplyAdd(x, low, c10);
      if (vectors > 1) c11 = multiplyAdd(x, high, c11);
    }
    if (height > 2) {
      x = byColumn ? v128.load32_splat(a, 8) : v128.load32_splat(a2);
      c20 = multiplyAdd(x, low, c20);
      if (vectors > 1) c21 = multiplyAdd(x, high, c21);
    }
    if (height > 3) {
      x = byColumn ? v128.load32_splat(a, 12) : v128.load32_splat(a3);
      c30 = multiplyAdd(x, low, c30);
      if (vectors > 1) c31 = multiplyAdd(x, high, c31);
    }
    panel += vectors > 1 ? WIDE : NARROW;
    if (byColumn) {
      a += BLOCK_BYTES;
    } else {
      a += 4;
      if (height > 1) a1 += 4;
      if (height > 2) a2 += 4;
      if (height > 3) a3 += 4;
    }
  }
  const out1 = out + strideOut;
  const out2 = out1 + strideOut;
  const out3 = out2 + strideOut;
  if (vectors == 1 && columns < 4) {
    storeParts(out, out1, out2, out3, c00, c10, c20, c30, columns, height);
    return;
  }
  v128.store(out, c00);
  if (height > 1) v128.store(out1, c10);
  if (height > 2) v128.store(out2, c20);
  if (height > 3) v128.store(out3, c30);
  if (vectors == 1) return;
  if (columns < 8) {
    storeParts(out + 16, out1 + 16, out2 + 16, out3 + 16, c01, c11, c21, c31, columns - 4, height);
    return;
  }
  v128.store(out, c01, 16);
  if (height > 1) v128.store(out1, c11, 16);
  if (height > 2) v128.store(out2, c21, 16);
  if (height > 3) v128.store(out3, c31, 16);
}

/** out[rows, columns] := start + a[rows, depth] · panel, for one panel of 4·vectors columns. */
// @ts-ignore: decorator
@inline
function rowsTimesPanel(
  out: usize, strideOut: usize, start: usize, a: usize, strideA: usize, panel: usize, rows: i32, depth: i32, columns: i32,
  vectors: i32,
): void {
  for (; rows >= 4; rows -= 4) {
    tile(out, strideOut, start, 0, a, strideA, panel, depth, columns, 4, vectors, false);
    out += strideOut << 2;
    a += strideA << 2;
  }
  if (rows == 3) tile(out, strideOut, start, 0, a, strideA, panel, depth, columns, 3, vectors, false);
  else if (rows == 2) tile(out, strideOut, start, 0, a, strideA, panel, depth, columns, 2, vectors, false);
  else if (rows == 1) tile(out, strideOut, start, 0, a, strideA, panel, depth, columns, 1, vectors, false);
}

function rowsTimesWidePanel(
  out: usize, strideOut: usize, start: usize, a: usize, strideA: usize, panel: usize, rows: i32, depth: i32, columns: i32,
): void {
  rowsTimesPanel(out, strideOut, start, a, strideA, panel, rows, depth, columns, 2);
}

function rowsTimesNarrowPanel(
  out: usize, strideOut: usize, start: usize, a: usize, strideA: usize, panel: usize, rows: i32, depth: i32, columns: i32,
): void {
  rowsTimesPanel(out, strideOut, start, a, strideA, panel, rows, depth, columns, 1);
}

/**
 * out[32] := start + a[depth] · four wide panels, `stride` bytes apart: one row has too few results in a panel to hide the
 * latency of additions. Inputs that are 0 are passed over, which changes no finite sum; pixels often are.
 */
function rowTimesFourPanels(out: usize, start: usize, a: usize, panel: usize, stride: usize, depth: i32): void {
  let c0 = v128.load(start), c1 = v128.load(start, 16), c2 = v128.load(start, 32), c3 = v128.load(start, 48);
  let c4 = v128.load(start, 64), c5 = v128.load(start, 80), c6 = v128.load(start, 96), c7 = v128.load(start, 112);
  let second = panel + stride;
  let third = second + stride;
  let fourth = third + stride;
  for (; depth > 0; depth--) {
    if (load<f32>(a) != 0) {
      const x = v128.load32_splat(a);
      c0 = multiplyAdd(x, v128.load(panel), c0);
      c1 = multiplyAdd(x, v128.load(panel, 16), c1);
      c2 = multiplyAdd(x, v128.load(second), c2);
      c3 = multiplyAdd(x, v128.load(second, 16), c3);
      c4 = multiplyAdd(x, v128.load(third), c4);
      c5 = multiplyAdd(x, v128.load(third, 16), c5);
      c6 = multiplyAdd(x, v128.load(fourth), c6);
      c7 = multiplyAdd(x, v128.load(fourth, 16), c7);
    }
    a += 4;
    panel += WIDE;
    second += WIDE;
    third += WIDE;
    fourth += WIDE;
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
}

/** out[rows, units] := input[rows, inputs] · weight + bias; a bias address of 0 means none. */
export function denseForward(out: usize, input: usize, weight: usize, bias: usize, rows: i32, inputs: i32, units: i32): void {
  const strideOut = <usize>units << 2;
  const strideInput = <usize>inputs << 2;
  let column = 0;
  if (rows == 1) {
    const stride = <usize>inputs * WIDE;
    for (; column + 32 <= units; column += 32) {
      rowTimesFourPanels(out, bias ? bias + (<usize>column << 2) : zeros, input, weight, stride, inputs);
      weight += stride << 2;
      out += 4 * WIDE;
    }
  }
  for (const end = widePanels(units) << 3; column < end; column += 8) {
    const start = bias ? bias + (<usize>column << 2) : zeros;
    rowsTimesWidePanel(out, strideOut, start, input, strideInput, weight, rows, inputs, min(8, units - column));
    weight += <usize>inputs * WIDE;
    out += WIDE;
  }
  if (column < units) {
    const start = bias ? bias + (<usize>column << 2) : zeros;
    rowsTimesNarrowPanel(out, strideOut, start, input, strideInput, weight, rows, inputs, units - column);
  }
}

/** Transposes 4 x 4 floats: rows at `from` and three offsets to rows `strideTo` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, strideTo: usize, from: usize, second: usize, third: usize, fourth: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + second);
  const c = v128.load(from + third);
  const d = v128.load(from + fourth);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  v128.store(to + strideTo, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
  v128.store(to + 2 * strideTo, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * strideTo, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/**
 * Four rows `first .. first + 4` of a weight become four columns of a panel: to[unit] := weight[first .. first + 4, unit],
 * each `strideTo` bytes after the last. Rows beyond `inputs` repeat the last, for columns of a product that are not stored.
 */
function packFourRows(to: usize, strideTo: usize, weight: usize, first: i32, inputs: i32, units: i32): void {
  let second: usize = first + 1 < inputs ? WIDE : 0;
  let third = first + 2 < inputs ? second + WIDE : second;
  let fourth = first + 3 < inputs ? third + WIDE : third;
  let from = weight + <usize>first * WIDE;
  const nextPanel = <usize>inputs * WIDE - 16;
  const wide = widePanels(units) << 3;
  for (let column = 0; column < units; column += 4) {
    if (column == wide) {
      // In the narrow panel all distances are half as long.
      from -= <usize>first * NARROW;
      second >>= 1;
      third >>= 1;
      fourth >>= 1;
    }
    transpose4(to, strideTo, from, second, third, fourth);
    to += strideTo << 2;
    from += column & 4 ? nextPanel : 16;
  }
}

/** Four sums of four lanes each, side by side. */
// @ts-ignore: decorator
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Copies a row and fills it up with zeros to a multiple of 4: panels are that wide, and padding may hold anything. */
// @ts-ignore: decorator
@inline
function padRow(to: usize, row: usize, units: i32): void {
  copy(to, row, paddedBytes(units));
  for (let i = units; i & 3; i++) store<f32>(to + (<usize>i << 2), 0);
}

/**
 * dinput[inputs] := dout[units] · weightᵀ for one row: four inputs at a time, each the sum of its weights times dout in
 * four lanes, added up at the end. Packing would cost more than the product.
 */
function rowTimesTransposed(dinput: usize, scratch: usize, dout: usize, weight: usize, inputs: i32, units: i32): void {
  padRow(scratch, dout, units);
  const wide = widePanels(units) << 3;
  const strideWide = <usize>inputs * WIDE;
  for (let first = 0; first < inputs; first += 4) {
    // Rows beyond the last repeat it: computed, not stored.
    const second: usize = first + 1 < inputs ? 1 : 0;
    const third = first + 2 < inputs ? second + 1 : second;
    const fourth = first + 3 < inputs ? third + 1 : third;
    let s0 = v128.load(zeros), s1 = s0, s2 = s0, s3 = s0;
    let panel = weight + <usize>first * WIDE;
    let column = 0;
    for (; column < wide; column += 8) {
      const low = v128.load(scratch + (<usize>column << 2));
      const high = v128.load(scratch + (<usize>column << 2), 16);
      s0 = multiplyAdd(high, v128.load(panel, 16), multiplyAdd(low, v128.load(panel), s0));
      s1 = multiplyAdd(high, v128.load(panel + second * WIDE, 16), multiplyAdd(low, v128.load(panel + second * WIDE), s1));
      s2 = multiplyAdd(high, v128.load(panel + third * WIDE, 16), multiplyAdd(low, v128.load(panel + third * WIDE), s2));
      s3 = multiplyAdd(high, v128.load(panel + fourth * WIDE, 16), multiplyAdd(low, v128.load(panel + fourth * WIDE), s3));
      panel += strideWide;
    }
    if (column < units) {
      const low = v128.load(scratch + (<usize>column << 2));
      const from = weight + <usize>(wide >> 3) * strideWide + <usize>first * NARROW;
      s0 = multiplyAdd(low, v128.load(from), s0);
      s1 = multiplyAdd(low, v128.load(from + second * NARROW), s1);
      s2 = multiplyAdd(low, v128.load(from + third * NARROW), s2);
      s3 = multiplyAdd(low, v128.load(from + fourth * NARROW), s3);
    }
    const sums = laneSums(s0, s1, s2, s3);
    if (first + 4 <= inputs) v128.store(dinput, sums);
    else storeParts(dinput, 0, 0, 0, sums, s1, s2, s3, inputs - first, 1);
    dinput += 16;
  }
}

/** dinput[rows, inputs] := dout[rows, units] · weightᵀ; `scratch` holds one panel: 8 floats a unit, units padded to 4. */
export function denseBackwardInput(
  dinput: usize, scratch: usize, dout: usize, weight: usize, rows: i32, inputs: i32, units: i32,
): void {
  inputGradient(dinput, scratch, dout, weight, rows, inputs, units, 0, inputs);
}

/**
 * Columns [first, last) of what `denseBackwardInput` computes, which is a share that a thread may take: `first` is a multiple of 8, and so is
 * `last` unless it is `inputs` or more. All of one row, whatever the share.
 */
export function inputGradient(
  dinput: usize, scratch: usize, dout: usize, weight: usize, rows: i32, inputs: i32, units: i32, first: i32, last: i32,
): void {
  if (rows == 1) {
    rowTimesTransposed(dinput, scratch, dout, weight, inputs, units);
    return;
  }
  const strideOut = <usize>inputs << 2;
  const strideDout = <usize>units << 2;
  dinput += <usize>first << 2;
  let row = first;
  for (const end = min(widePanels(inputs) << 3, last); row < end; row += 8) {
    packFourRows(scratch, WIDE, weight, row, inputs, units);
    packFourRows(scratch + 16, WIDE, weight, row + 4, inputs, units);
    rowsTimesWidePanel(dinput, strideOut, zeros, dout, strideDout, scratch, rows, units, min(8, inputs - row));
    dinput += WIDE;
  }
  if (row < min(inputs, last)) {
    packFourRows(scratch, NARROW, weight, row, inputs, units);
    rowsTimesNarrowPanel(dinput, strideOut, zeros, dout, strideDout, scratch, rows, units, inputs - row);
  }
}

/** Copies `columns` (5 to 8) of each row into a wide panel, zeros beyond. */
// @ts-ignore: decorator
@inline
function packPanel(to: usize, from: usize, strideFrom: usize, rows: i32, columns: i32): void {
  if (columns == 8) {
    for (; rows > 0; rows--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      to += WIDE;
      from += strideFrom;
    }
    return;
  }
  for (; rows > 0; rows--) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(zeros), 16);
    for (let column = 4; column < columns; column++) {
      store<f32>(to + (<usize>column << 2), load<f32>(from + (<usize>column << 2)));
    }
    to += WIDE;
    from += strideFrom;
  }
}

/** Copies `columns` (1 to 4) of each row into a narrow panel, zeros beyond. */
// @ts-ignore: decorator
@inline
function packNarrowPanel(to: usize, from: usize, strideFrom: usize, rows: i32, columns: i32): void {
  const mask = columnMask(columns);
  for (; rows > 0; rows--) {
    v128.store(to, v128.and(v128.load(from), mask));
    to += NARROW;
    from += strideFrom;
  }
}

/** sums[0 .. 8) += the column sums of a wide panel. */
// @ts-ignore: decorator
@inline
function addColumnSums(sums: usize, panel: usize, rows: i32): void {
  let low = v128.load(sums);
  let high = v128.load(sums, 16);
  for (; rows > 0; rows--) {
    low = f32x4.add(low, v128.load(panel));
    high = f32x4.add(high, v128.load(panel, 16));
    panel += WIDE;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}

/**
 * Rows [0, inputs) of a wide panel of dweight += (packed inputs)ᵀ · panel; of more than one row, at most 16 inputs, 16 floats
 * a row.
 */
// @ts-ignore: decorator
@inline
function addInputsTimesPanel(dweight: usize, packed: usize, panel: usize, rows: i32, inputs: i32): void {
  for (; inputs >= 4; inputs -= 4) {
    tile(dweight, WIDE, dweight, WIDE, packed, 0, panel, rows, 8, 4, 2, true);
    dweight += WIDE << 2;
    packed += 16;
  }
  if (inputs == 3) tile(dweight, WIDE, dweight, WIDE, packed, 0, panel, rows, 8, 3, 2, true);
  else if (inputs == 2) tile(dweight, WIDE, dweight, WIDE, packed, 0, panel, rows, 8, 2, 2, true);
  else if (inputs == 1) tile(dweight, WIDE, dweight, WIDE, packed, 0, panel, rows, 8, 1, 2, true);
}

/** Copies up to 16 columns of each row side by side, 16 floats a row. */
function packInputs(to: usize, from: usize, strideFrom: usize, rows: i32, inputs: i32): void {
  if (inputs == BLOCK_INPUTS) {
    for (; rows > 0; rows--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      v128.store(to, v128.load(from, 32), 32);
      v128.store(to, v128.load(from, 48), 48);
      to += BLOCK_BYTES;
      from += strideFrom;
    }
    return;
  }
  for (; rows > 0; rows--) {
    for (let i = 0; i < inputs; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
    to += BLOCK_BYTES;
    from += strideFrom;
  }
}

/** Lanes that belong to 1, 2, 3 or 4 columns. */
const masks: usize = memory.data<i32>([-1, 0, 0, 0, -1, -1, 0, 0, -1, -1, -1, 0, -1, -1, -1, -1], 16);

// @ts-ignore: decorator
@inline
function columnMask(columns: i32): v128 {
  return v128.load(masks + (<usize>(columns - 1) << 4));
}

/** dweight rows [0, height) += their inputs · dout, for at most four units; `height` is a constant at every call. */
// @ts-ignore: decorator
@inline
function addInputsTimesNarrow(
  dweight: usize, input: usize, strideInput: usize, dout: usize, strideDout: usize, mask: v128, rows: i32, height: i32,
): void {
  let c0 = v128.load(dweight), c1 = c0, c2 = c0, c3 = c0;
  if (height > 1) c1 = v128.load(dweight, 16);
  if (height > 2) c2 = v128.load(dweight, 32);
  if (height > 3) c3 = v128.load(dweight, 48);
  for (; rows > 0; rows--) {
    const d = v128.and(v128.load(dout), mask);
    c0 = multiplyAdd(v128.load32_splat(input), d, c0);
    if (height > 1) c1 = multiplyAdd(v128.load32_splat(input, 4), d, c1);
    if (height > 2) c2 = multiplyAdd(v128.load32_splat(input, 8), d, c2);
    if (height > 3) c3 = multiplyAdd(v128.load32_splat(input, 12), d, c3);
    input += strideInput;
    dout += strideDout;
  }
  v128.store(dweight, c0);
  if (height > 1) v128.store(dweight, c1, 16);
  if (height > 2) v128.store(dweight, c2, 32);
  if (height > 3) v128.store(dweight, c3, 48);
}

/**
 * dweight += inputᵀ · dout and dbias += column sums of dout (address 0: none) for a narrow panel of `columns` (1 to 4): one
 * vector holds a row of dout, which needs no packing.
 */
function narrowBackwardParameters(
  dweight: usize, dbias: usize, input: usize, strideInput: usize, dout: usize, strideDout: usize, rows: i32, inputs: i32,
  columns: i32,
): void {
  const mask = columnMask(columns);
  if (dbias) {
    let sums = v128.load(dbias);
    let row = dout;
    for (let left = rows; left > 0; left--) {
      sums = f32x4.add(sums, v128.and(v128.load(row), mask));
      row += strideDout;
    }
    v128.store(dbias, sums);
  }
  for (; inputs >= 4; inputs -= 4) {
    addInputsTimesNarrow(dweight, input, strideInput, dout, strideDout, mask, rows, 4);
    dweight += NARROW << 2;
    input += 16;
  }
  if (inputs == 3) addInputsTimesNarrow(dweight, input, strideInput, dout, strideDout, mask, rows, 3);
  else if (inputs == 2) addInputsTimesNarrow(dweight, input, strideInput, dout, strideDout, mask, rows, 2);
  else if (inputs == 1) addInputsTimesNarrow(dweight, input, strideInput, dout, strideDout, mask, rows, 1);
}

/**
 * dweight += inputᵀ · dout; dbias += column sums of dout (address 0: none). `scratch` holds, for min(rows, 256) rows, dout
 * in panels and 16 inputs: (units padded to 4 + 16) floats each.
 */
export function denseBackwardParameters(
  dweight: usize, dbias: usize, scratch: usize, input: usize, dout: usize, rows: i32, inputs: i32, units: i32,
): void {
  parameterGradient(dweight, dbias, scratch, input, dout, rows, inputs, units, 0, inputs);
}

/**
 * The share [first, last) of the inputs of what `denseBackwardParameters` computes; `first` is a multiple of 16. The share
 * that begins at 0 has all of dbias.
 */
export function parameterGradient(
  dweight: usize, dbias: usize, scratch: usize, input: usize, dout: usize, rows: i32, inputs: i32, units: i32, first: i32, last: i32,
): void {
  const strideInput = <usize>inputs << 2;
  const strideDout = <usize>units << 2;
  last = min(inputs, last);
  if (first > 0) dbias = 0;
  if (units <= 4) {
    narrowBackwardParameters(
      dweight + <usize>first * NARROW, dbias, input + (<usize>first << 2), strideInput, dout, strideDout, rows, last - first, units,
    );
    return;
  }
  const wideColumns = widePanels(units) << 3;
  for (; rows > 0; rows -= BLOCK_ROWS) {
    const block = min(rows, BLOCK_ROWS);
    const panels = scratch + <usize>block * BLOCK_BYTES;

    let panel = panels;
    let column = 0;
    for (; column < wideColumns; column += 8) {
      packPanel(panel, dout + (<usize>column << 2), strideDout, block, min(8, units - column));
      if (dbias) addColumnSums(dbias + (<usize>column << 2), panel, block);
      panel += <usize>block * WIDE;
    }
    if (column < units) packNarrowPanel(panel, dout + (<usize>column << 2), strideDout, block, units - column);

    // One row is packed as it stands.
    const most = block == 1 ? inputs : BLOCK_INPUTS;
    for (let at = first; at < last; at += most) {
      const width = min(most, last - at);
      let packed = input + (<usize>at << 2);
      if (block > 1) {
        packInputs(scratch, packed, strideInput, block, width);
        packed = scratch;
      }
      let to = dweight;
      panel = panels;
      for (column = 0; column < wideColumns; column += 8) {
        addInputsTimesPanel(to + <usize>at * WIDE, packed, panel, block, width);
        to += <usize>inputs * WIDE;
        panel += <usize>block * WIDE;
      }
      if (column < units) {
        const sums = dbias && at == 0 ? dbias + (<usize>column << 2) : 0;
        to += <usize>at * NARROW;
        let left = width;
        for (; left >= 4; left -= 4) {
          tile(to, NARROW, to, NARROW, packed, 0, panel, block, 4, 4, 1, true);
          to += NARROW << 2;
          packed += 16;
        }
        narrowBackwardParameters(to, sums, packed, BLOCK_BYTES, panel, NARROW, block, left, 4);
      }
    }
    input += <usize>block * strideInput;
    dout += <usize>block * strideDout;
  }
}

/** to[0 .. 4·vectors) −= rate · (x · d), the rank-1 gradient rounded as if it had been stored. */
// @ts-ignore: decorator
@inline
function descendPanel(weight: usize, input: usize, d0: v128, d1: v128, negativeRate: v128, inputs: i32, vectors: i32): void {
  for (; inputs > 0; inputs--) {
    if (load<f32>(input) != 0) {
      const x = v128.load32_splat(input);
      v128.store(weight, multiplyAdd(negativeRate, f32x4.mul(x, d0), v128.load(weight)));
      if (vectors > 1) v128.store(weight, multiplyAdd(negativeRate, f32x4.mul(x, d1), v128.load(weight, 16)), 16);
    }
    input += 4;
    weight += vectors > 1 ? WIDE : NARROW;
  }
}

/**
 * One step of plain gradient descent from one row, without storing its gradient: weight −= η · inputᵀ · dout and
 * bias −= η · dout (address 0: none). The same bits as `denseBackwardParameters` on zeros and `sgd`; inputs that are 0 move nothing and
 * are passed over.
 */
export function denseDescend(
  weight: usize, bias: usize, scratch: usize, input: usize, dout: usize, learningRate: usize, inputs: i32, units: i32,
): void {
  const negativeRate = f32x4.splat(-load<f32>(learningRate));
  padRow(scratch, dout, units);
  const wide = widePanels(units) << 3;
  let column = 0;
  for (; column < wide; column += 8) {
    const d = scratch + (<usize>column << 2);
    descendPanel(weight, input, v128.load(d), v128.load(d, 16), negativeRate, inputs, 2);
    weight += <usize>inputs * WIDE;
  }
  if (column < units) {
    const d = v128.load(scratch + (<usize>column << 2));
    descendPanel(weight, input, d, d, negativeRate, inputs, 1);
  }
  if (bias == 0) return;
  for (const end = scratch + paddedBytes(units); scratch < end; scratch += 16) {
    v128.store(bias, multiplyAdd(negativeRate, v128.load(scratch), v128.load(bias)));
    bias += 16;
  }
}
