/**
 * From strokes of a pen to the pixels that a network of digits was trained on. Pictures of 8 x 8 are those of the data that ship: a digit
 * fills all 8 rows and about 6 columns, and its ink covers 30 % of the square, whatever it is. Those of 28 x 28 are as in MNIST: the longer
 * side is 20 pixels, proportions are kept, and the centre of mass is in the middle.
 */

/** A line drawn in one go: x, y, x, y and so on, in any unit; y goes down. */
export type Stroke = readonly number[];

export type Side = 8 | 28;

/** Cells that one pixel is averaged of, in each direction: the 8 x 8 data were made so of bitmaps of 32 x 32. */
const fine = 4;

/** The pixels of a drawing, row by row, from 0 (blank) to 1 (ink). */
export function picture(strokes: readonly Stroke[], side: Side): Float32Array {
  const drawn = strokes.filter((stroke) => stroke.length > 1);
  if (drawn.length === 0) return new Float32Array(side * side);
  return side === 8 ? filling(drawn) : centred(drawn);
}

/** The least rectangle around the points. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(strokes: readonly Stroke[]): Box {
  const xs = strokes.flatMap((stroke) => stroke.filter((_, i) => i % 2 === 0));
  const ys = strokes.flatMap((stroke) => stroke.filter((_, i) => i % 2 === 1));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** The strokes with their box brought to another. */
function moved(strokes: readonly Stroke[], from: Box, to: Box): number[][] {
  const along = (value: number, start: number, length: number, start2: number, length2: number): number =>
    start2 + (length > 0 ? ((value - start) / length) * length2 : length2 / 2);
  return strokes.map((stroke) => stroke.map((value, i) =>
    (i % 2 === 0 ? along(value, from.left, from.width, to.left, to.width) : along(value, from.top, from.height, to.top, to.height))));
}

const ink = 0.285;

/** How wide a digit is to be, in cells of 32: all are about equally wide in the data, but a stroke that goes straight down stays one. */
function widthOf(natural: number): number {
  const usual = 15 + natural * 6;
  const share = Math.min(1, Math.max(0, (natural - 0.15) / 0.15));
  return Math.min(26, share * usual + (1 - share) * natural * 32);
}

/** 8 x 8: the pen is as thick as makes the usual amount of ink. */
function filling(strokes: readonly Stroke[]): Float32Array {
  const cells = 8 * fine;
  const box = boxOf(strokes);
  const natural = Math.min(box.width / Math.max(box.height, 1e-9), 8);
  const width = widthOf(natural);
  // A dash is not a digit; it is not to fill the height either.
  const height = Math.min(cells, (cells / natural) * 1.5);
  const drawnWith = (pen: number): Float32Array => {
    const across = Math.max(width - pen, 0);
    const down = Math.max(height - pen, 0);
    return rasterised(moved(strokes, box, { left: (cells - across) / 2, top: (cells - down) / 2, width: across, height: down }), cells, pen);
  };
  let [thin, thick] = [2, 12];
  for (let turn = 0; turn < 6; turn++) {
    const pen = (thin + thick) / 2;
    const covered = drawnWith(pen).reduce((sum, value) => sum + value, 0) / (cells * cells);
    if (covered < ink) thin = pen;
    else thick = pen;
  }
  return averaged(drawnWith(thin), cells);
}

/** 28 x 28. */
function centred(strokes: readonly Stroke[]): Float32Array {
  const cells = 28 * fine;
  const pen = 2.6 * fine;
  const box = boxOf(strokes);
  const scale = (20 * fine - pen) / Math.max(box.width, box.height, 1e-9);
  const [width, height] = [box.width * scale, box.height * scale];
  const at = (left: number, top: number): Float32Array => rasterised(moved(strokes, box, { left, top, width, height }), cells, pen);
  const [left, top] = [(cells - width) / 2, (cells - height) / 2];
  const [x, y] = centreOf(at(left, top), cells);
  return averaged(at(left + cells / 2 - x, top + cells / 2 - y), cells);
}

function centreOf(bitmap: Float32Array, side: number): [x: number, y: number] {
  let [sum, x, y] = [0, 0, 0];
  bitmap.forEach((value, i) => {
    sum += value;
    x += value * ((i % side) + 0.5);
    y += value * (Math.floor(i / side) + 0.5);
  });
  return sum > 0 ? [x / sum, y / sum] : [side / 2, side / 2];
}

/** 1 in every cell whose centre is within half a pen's width of a stroke. */
function rasterised(strokes: readonly Stroke[], side: number, pen: number): Float32Array {
  const bitmap = new Float32Array(side * side);
  const reach = pen / 2;
  const from = (value: number): number => Math.max(0, Math.floor(value - reach));
  const to = (value: number): number => Math.min(side - 1, Math.ceil(value + reach));
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i += 2) {
      const [x1, y1] = [stroke[i]!, stroke[i + 1]!];
      const [x2, y2] = i + 3 < stroke.length ? [stroke[i + 2]!, stroke[i + 3]!] : [x1, y1];
      const [dx, dy] = [x2 - x1, y2 - y1];
      const length2 = dx * dx + dy * dy;
      for (let y = from(Math.min(y1, y2)); y <= to(Math.max(y1, y2)); y++) {
        for (let x = from(Math.min(x1, x2)); x <= to(Math.max(x1, x2)); x++) {
          const along = length2 > 0 ? Math.min(1, Math.max(0, ((x + 0.5 - x1) * dx + (y + 0.5 - y1) * dy) / length2)) : 0;
          if (Math.hypot(x + 0.5 - x1 - along * dx, y + 0.5 - y1 - along * dy) <= reach) bitmap[y * side + x] = 1;
        }
      }
    }
  }
  return bitmap;
}

/** Means over squares of `fine` x `fine` cells. */
function averaged(bitmap: Float32Array, side: number): Float32Array {
  const across = side / fine;
  const pixels = new Float32Array(across * across);
  bitmap.forEach((value, i) => {
    pixels[Math.floor(i / side / fine) * across + Math.floor((i % side) / fine)]! += value / fine ** 2;
  });
  return pixels;
}

/** A picture of 8 x 8 as one of 28 x 28: enlarged to 20 x 20, between the middles of pixels in proportion, its centre of mass in the middle. */
export function enlarged(pixels: Float32Array): Float32Array {
  const [small, inner, side] = [8, 20, 28];
  const value = (x: number, y: number): number => (x < 0 || y < 0 || x >= small || y >= small ? 0 : pixels[y * small + x]!);
  const sample = (x: number, y: number): number => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, bottom] = [x - left, y - top];
    return (1 - bottom) * ((1 - right) * value(left, top) + right * value(left + 1, top))
      + bottom * ((1 - right) * value(left, top + 1) + right * value(left + 1, top + 1));
  };
  const [massX, massY] = centreOf(pixels, small);
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [(i % side) + 0.5 - side / 2, Math.floor(i / side) + 0.5 - side / 2];
    return sample((x * small) / inner + massX - 0.5, (y * small) / inner + massY - 0.5);
  });
}
