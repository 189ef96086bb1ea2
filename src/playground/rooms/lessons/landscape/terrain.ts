/** Heights over a grid: what lies between its points, and lines of equal height. */

/** Values over places along two axes, a row for each of `y`; axes go up evenly. */
export interface Terrain {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly height: Float64Array;
}

/** A piece of a contour, and the cell that it lies in: its column and row are those of its corner with the least x and y. */
export interface Segment {
  readonly column: number;
  readonly row: number;
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
}

/** The height between the four points around, by each axis in proportion; at the edge for places beyond it. */
export function heightAt({ x: across, y: up, height }: Terrain, x: number, y: number): number {
  const place = (axis: Float64Array, at: number): [cell: number, share: number] => {
    const exact = ((at - axis[0]!) / (axis.at(-1)! - axis[0]!)) * (axis.length - 1);
    const cell = Math.min(axis.length - 2, Math.max(0, Math.floor(exact)));
    return [cell, Math.min(1, Math.max(0, exact - cell))];
  };
  const [[column, a], [row, b]] = [place(across, x), place(up, y)];
  const at = row * across.length + column;
  const [low, high] = [at, at + across.length].map((i) => height[i]! + a * (height[i + 1]! - height[i]!)) as [number, number];
  return low + b * (high - low);
}

/** Corners of a cell in turn, as steps along x and y; edge i goes from corner i to the next. */
const corners = [[0, 0], [1, 0], [1, 1], [0, 1]] as const;

/** The line of a height: marching squares, crossings by proportion; where two lines pass a cell, the mean of its corners says which go together. */
export function contour({ x, y, height }: Terrain, level: number): Segment[] {
  const segments: Segment[] = [];
  for (let row = 0; row + 1 < y.length; row++) {
    for (let column = 0; column + 1 < x.length; column++) {
      const values = corners.map(([right, over]) => height[(row + over) * x.length + column + right]!);
      const crossings = corners.flatMap(([right, over], i): [number, number][] => {
        const [nextRight, nextOver] = corners[(i + 1) % 4]!;
        const [a, b] = [values[i]!, values[(i + 1) % 4]!];
        if (a >= level === b >= level) return [];
        const share = (level - a) / (b - a);
        const [x0, x1, y0, y1] = [x[column + right]!, x[column + nextRight]!, y[row + over]!, y[row + nextOver]!];
        return [[x0 + share * (x1 - x0), y0 + share * (y1 - y0)]];
      });
      const [first, second, third, fourth] = crossings;
      const add = (from: [number, number], to: [number, number]): void => void segments.push({ column, row, from, to });
      if (first === undefined || second === undefined) continue;
      if (third === undefined || fourth === undefined) add(first, second);
      // A saddle: the corner that is unlike the middle is cut off. Crossing i lies after corner i.
      else {
        const joined = values[0]! >= level === values.reduce((sum, value) => sum + value) / 4 >= level;
        add(joined ? first : second, joined ? second : third);
        add(joined ? third : fourth, joined ? fourth : first);
      }
    }
  }
  return segments;
}

/** A round step that divides a length into `parts` or somewhat fewer. */
export function roundStep(length: number, parts: number): number {
  const least = length / parts;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= least * (1 - 1e-9))!;
}

/** Multiples of a step between two numbers, both excluded. */
export function multiples(step: number, from: number, to: number): number[] {
  const first = Math.floor(from / step) + 1;
  return Array.from({ length: Math.max(0, Math.ceil(to / step) - first) }, (_, i) => (first + i) * step);
}
