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

import { multiplyAdd } from "./simd";

/** Bytes of a row of a wide (8 floats) and of a narrow (4 floats) panel. */
const WIDE: usize = 32;
const NARROW: usize = 16;

/** Rows of a batch that the parameter gradient takes at a time, and inputs: 256 x 16 floats stay in the first-level cache. */
const BLOCK_ROWS: i32 = 256;
const BLOCK_INPUTS: i32 = 16;
const BLOCK_BYTES: usize = 64;

/** Starting values of sums that start from nothing. */
const zeros: usize = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0], 16);

// @ts-ignore: decorator
@inline
function widePanels(units: i32): i32 {
  return (units + 3) >> 3;
}

/** Stores the first `columns` (1 to 7) of eight values. */
function storePart(to: usize, low: v128, high: v128, columns: i32): void {
  if (columns >= 4) {
    v128.store(to, low);
    to += 16;
    low = high;
    columns -= 4;
  }
  if (columns >= 2) {
    v128.store64_lane(to, low, 0);
    if (columns == 3) v128.store32_lane(to, low, 2, 8);
  } else if (columns == 1) {
    v128.store32_lane(to, low, 0);
  }
}

// @ts-ignore: decorator
@inline
function storeRow(to: usize, low: v128, high: v128, vectors: i32, columns: i32): void {
  if (columns == vectors << 2) {
    v128.store(to, low);
    if (vectors > 1) v128.store(to, high, 16);
  } else {
    storePart(to, low, high, columns);
  }
}

/**
 * out[height, 4·vectors] := start + a · panel, where a is [height, depth], row by row `strideA` bytes apart, or column by
 * column (`byColumn`), a column 64 bytes from the next. `start` rows are `strideStart` bytes apart. Only `columns` are
 * stored. `height` (1 to 4), `vectors` (1 or 2) and `byColumn` are constants at every call.
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
  storeRow(out, c00, c01, vectors, columns);
  if (height > 1) storeRow(out + strideOut, c10, c11, vectors, columns);
  if (height > 2) storeRow(out + 2 * strideOut, c20, c21, vectors, columns);
  if (height > 3) storeRow(out + 3 * strideOut, c30, c31, vectors, columns);
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

/** out[rows, units] := input[rows, inputs] · weight + bias; a bias address of 0 means none. */
export function denseForward(out: usize, input: usize, weight: usize, bias: usize, rows: i32, inputs: i32, units: i32): void {
  const strideOut = <usize>units << 2;
  const strideInput = <usize>inputs << 2;
  let column = 0;
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

/** Transposes 4 x 4 floats: rows `strideFrom` bytes apart to rows `strideTo` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, strideTo: usize, from: usize, strideFrom: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + strideFrom);
  const c = v128.load(from + 2 * strideFrom);
  const d = v128.load(from + 3 * strideFrom);
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
 * each `strideTo` bytes after the last. Rows at or beyond `inputs` count as zeros.
 */
function packFourRows(to: usize, strideTo: usize, weight: usize, first: i32, inputs: i32, units: i32): void {
  const full = first + 4 <= inputs;
  const wide = widePanels(units) << 3;
  for (let column = 0; column < units; column += 4) {
    const width: usize = column < wide ? WIDE : NARROW;
    const panel = weight + (<usize>(column & ~7) * <usize>inputs << 2) + (<usize>(column & 4 && column < wide ? 16 : 0));
    const from = panel + <usize>first * width;
    if (full) {
      transpose4(to, strideTo, from, width);
    } else {
      for (let unit: usize = 0; unit < 4; unit++) {
        for (let i = 0; i < 4; i++) {
          const value = first + i < inputs ? load<f32>(from + <usize>i * width + (unit << 2)) : <f32>0;
          store<f32>(to + unit * strideTo + (<usize>i << 2), value);
        }
      }
    }
    to += strideTo << 2;
  }
}

/** dinput[rows, inputs] := dout[rows, units] · weightᵀ; `scratch` holds one panel: 8 floats a unit, units padded to 4. */
export function denseBackwardInput(
  dinput: usize, scratch: usize, dout: usize, weight: usize, rows: i32, inputs: i32, units: i32,
): void {
  const strideOut = <usize>inputs << 2;
  const strideDout = <usize>units << 2;
  let row = 0;
  for (const end = widePanels(inputs) << 3; row < end; row += 8) {
    packFourRows(scratch, WIDE, weight, row, inputs, units);
    packFourRows(scratch + 16, WIDE, weight, row + 4, inputs, units);
    rowsTimesWidePanel(dinput, strideOut, zeros, dout, strideDout, scratch, rows, units, min(8, inputs - row));
    dinput += WIDE;
  }
  if (row < inputs) {
    packFourRows(scratch, NARROW, weight, row, inputs, units);
    rowsTimesNarrowPanel(dinput, strideOut, zeros, dout, strideDout, scratch, rows, units, inputs - row);
  }
}

/** Copies `columns` (1 to 8) of each row into a panel of 4·vectors columns, zeros beyond. */
// @ts-ignore: decorator
@inline
function packPanel(to: usize, from: usize, strideFrom: usize, rows: i32, columns: i32, vectors: i32): void {
  const width: usize = vectors > 1 ? WIDE : NARROW;
  if (columns == vectors << 2) {
    for (; rows > 0; rows--) {
      v128.store(to, v128.load(from));
      if (vectors > 1) v128.store(to, v128.load(from, 16), 16);
      to += width;
      from += strideFrom;
    }
    return;
  }
  for (; rows > 0; rows--) {
    v128.store(to, v128.load(zeros));
    if (vectors > 1) v128.store(to, v128.load(zeros), 16);
    for (let column = 0; column < columns; column++) {
      store<f32>(to + (<usize>column << 2), load<f32>(from + (<usize>column << 2)));
    }
    to += width;
    from += strideFrom;
  }
}

/** sums[0 .. 4·vectors) += the column sums of a panel. */
// @ts-ignore: decorator
@inline
function addColumnSums(sums: usize, panel: usize, rows: i32, vectors: i32): void {
  let low = v128.load(sums);
  let high = vectors > 1 ? v128.load(sums, 16) : low;
  for (; rows > 0; rows--) {
    low = f32x4.add(low, v128.load(panel));
    if (vectors > 1) high = f32x4.add(high, v128.load(panel, 16));
    panel += vectors > 1 ? WIDE : NARROW;
  }
  v128.store(sums, low);
  if (vectors > 1) v128.store(sums, high, 16);
}

/** dweight panel rows [0, inputs) += (packed inputs)ᵀ · panel; inputs is 16 at most, packed 16 floats a row. */
// @ts-ignore: decorator
@inline
function addInputsTimesPanel(dweight: usize, packed: usize, panel: usize, rows: i32, inputs: i32, vectors: i32): void {
  const width: usize = vectors > 1 ? WIDE : NARROW;
  for (; inputs >= 4; inputs -= 4) {
    tile(dweight, width, dweight, width, packed, 0, panel, rows, vectors << 2, 4, vectors, true);
    dweight += width << 2;
    packed += 16;
  }
  if (inputs == 3) tile(dweight, width, dweight, width, packed, 0, panel, rows, vectors << 2, 3, vectors, true);
  else if (inputs == 2) tile(dweight, width, dweight, width, packed, 0, panel, rows, vectors << 2, 2, vectors, true);
  else if (inputs == 1) tile(dweight, width, dweight, width, packed, 0, panel, rows, vectors << 2, 1, vectors, true);
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

/**
 * dweight += inputᵀ · dout; dbias += column sums of dout (address 0: none). `scratch` holds, for min(rows, 256) rows, dout
 * in panels and 16 inputs: (units padded to 4 + 16) floats each.
 */
export function denseBackwardParameters(
  dweight: usize, dbias: usize, scratch: usize, input: usize, dout: usize, rows: i32, inputs: i32, units: i32,
): void {
  const strideInput = <usize>inputs << 2;
  const strideDout = <usize>units << 2;
  const wideColumns = widePanels(units) << 3;
  for (; rows > 0; rows -= BLOCK_ROWS) {
    const block = min(rows, BLOCK_ROWS);
    const packed = scratch;
    const panels = scratch + <usize>block * BLOCK_BYTES;

    let panel = panels;
    let column = 0;
    for (; column < wideColumns; column += 8) {
      packPanel(panel, dout + (<usize>column << 2), strideDout, block, min(8, units - column), 2);
      if (dbias) addColumnSums(dbias + (<usize>column << 2), panel, block, 2);
      panel += <usize>block * WIDE;
    }
    if (column < units) {
      packPanel(panel, dout + (<usize>column << 2), strideDout, block, units - column, 1);
      if (dbias) addColumnSums(dbias + (<usize>column << 2), panel, block, 1);
    }

    for (let first = 0; first < inputs; first += BLOCK_INPUTS) {
      const width = min(BLOCK_INPUTS, inputs - first);
      packInputs(packed, input + (<usize>first << 2), strideInput, block, width);
      let to = dweight;
      panel = panels;
      for (column = 0; column < wideColumns; column += 8) {
        addInputsTimesPanel(to + <usize>first * WIDE, packed, panel, block, width, 2);
        to += <usize>inputs * WIDE;
        panel += <usize>block * WIDE;
      }
      if (column < units) addInputsTimesPanel(to + <usize>first * NARROW, packed, panel, block, width, 1);
    }
    input += <usize>block * strideInput;
    dout += <usize>block * strideDout;
  }
}
