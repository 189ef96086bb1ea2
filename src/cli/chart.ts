/** A line chart of text: in braille dots where the terminal has them and colours to tell lines apart, else in plain characters. */

import { pad, significant, type Terminal } from './terminal.ts';

export interface Line {
  readonly name: string;
  /** One value for each step along the chart; NaN is left out. */
  readonly values: readonly number[];
}

const plotRows = 10;
const plotColumns = 66;
const labelWidth = 9;
/** From this ratio on, the greatest value would press the others onto the axis. */
const mostSpread = 10;
const marks = ['*', 'o'] as const;
/** The bits of the dots of a braille character, row by row. */
const dots = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const;

/** Up to two lines of at least two values over the same steps, counted from 1, with a legend and both axes; 80 columns wide. */
export function chart(terminal: Terminal, title: string, unit: string, lines: readonly Line[]): string[] {
  const values = lines.flatMap((line) => line.values.filter(Number.isFinite));
  const steps = Math.max(...lines.map((line) => line.values.length));
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const logarithmic = min > 0 && max / min > mostSpread;
  const scale = logarithmic ? Math.log : (value: number) => value;
  const [low, high] = min === max ? [scale(min) - 0.5, scale(max) + 0.5] : [scale(min), scale(max)];
  const braille = terminal.unicode && terminal.colours;
  const [across, down] = braille ? [2, 4] : [1, 1];
  const [width, height] = [plotColumns * across, plotRows * down];
  const grids = lines.map((line) => draw(line.values.map((value) => (scale(value) - low) / (high - low)), steps, width, height));
  const paint = [(text: string) => terminal.cyan(text), (text: string) => terminal.yellow(text)] as const;
  const cell = (column: number, row: number): string => {
    const bits = grids.map((grid) => bitsAt(grid, width, column * across, row * down, across, down));
    // Where lines meet, the last one is on top.
    const top = bits.findLastIndex((one) => one !== 0);
    if (top < 0) return ' ';
    return braille ? paint[top]!(String.fromCharCode(0x2800 + bits.reduce((all, one) => all | one, 0))) : marks[top]!;
  };
  const [corner, side, floor] = braille ? ['└', '┤', '─'] : ['+', '|', '-'];
  const labelled = [0, Math.floor(plotRows / 2), plotRows - 1];
  const plot = Array.from({ length: plotRows }, (_, row) => {
    const value = high - ((high - low) * row) / (plotRows - 1);
    const label = labelled.includes(row) ? significant(logarithmic ? Math.exp(value) : value) : '';
    return `${pad(label, labelWidth, 'left')} ${side}${Array.from({ length: plotColumns }, (_, column) => cell(column, row)).join('')}`.trimEnd();
  });
  const legend = lines.map(({ name }, i) => (braille ? paint[i]!(`── ${name}`) : `${marks[i]!} ${name}`)).join('   ');
  const end = `${steps}`;
  return [
    `${terminal.bold(title)}${logarithmic ? ' (logarithmic)' : ''}   ${legend}`,
    ...plot,
    `${' '.repeat(labelWidth + 1)}${corner}${floor.repeat(plotColumns)}`,
    `${' '.repeat(labelWidth + 2)}1${unit.padStart(Math.ceil((plotColumns + unit.length) / 2) - 1).padEnd(plotColumns - 1 - end.length)}${end}`,
  ];
}

/** Which cells of a grid a line goes through; heights from 0, the floor, to 1. */
function draw(heights: readonly number[], steps: number, width: number, height: number): Uint8Array {
  const grid = new Uint8Array(width * height);
  const at = (step: number): [number, number] => [Math.round((step / Math.max(1, steps - 1)) * (width - 1)), Math.round((1 - heights[step]!) * (height - 1))];
  heights.forEach((value, step) => {
    if (!Number.isFinite(value)) return;
    const [x, y] = at(step);
    const [fromX, fromY] = step > 0 && Number.isFinite(heights[step - 1]) ? at(step - 1) : [x, y];
    const length = Math.max(1, Math.abs(x - fromX), Math.abs(y - fromY));
    for (let i = 0; i <= length; i++) {
      grid[Math.round(fromY + ((y - fromY) * i) / length) * width + Math.round(fromX + ((x - fromX) * i) / length)] = 1;
    }
  });
  return grid;
}

function bitsAt(grid: Uint8Array, width: number, x: number, y: number, across: number, down: number): number {
  let bits = 0;
  for (let row = 0; row < down; row++) for (let column = 0; column < across; column++) if (grid[(y + row) * width + x + column] === 1) bits |= dots[row]![column]!;
  return bits;
}
