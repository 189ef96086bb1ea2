/**
 * What the commands draw with: lines, a line that is redrawn in place, tables, wrapped sentences and small grey pictures.
 * On a pipe it writes plain lines; colours only where the terminal shows them (Node's `hasColors` obeys NO_COLOR).
 */

import { stripVTControlCharacters } from 'node:util';
import type { WriteStream } from 'node:tty';

/** Columns to fill at most. */
export const lineWidth = 80;
/** From blank to full ink, for terminals without grey levels. */
const shades = ' .:-=+*#%@';
/** Grey levels of a terminal of 256 colours: this many, from this code on. */
const greys = { first: 232, count: 24 };

/** Standard output; a pipe has only `write`. */
type Output = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'hasColors' | 'columns'>>;

export class Terminal {
  /** Whether a line can be redrawn in place. */
  readonly live: boolean;
  /** Whether there are colours and grey levels. */
  readonly colours: boolean;
  /** Whether it has more than ASCII characters. */
  readonly unicode: boolean;
  readonly #stream: Output;

  constructor(stream: Output) {
    this.#stream = stream;
    this.live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
    this.colours = this.live && stream.hasColors?.(256) === true;
    this.unicode = this.live && hasUnicode();
  }

  /** Prints lines, in the place of a line that was being redrawn. */
  print(...lines: string[]): void {
    const erase = this.live ? '\r\x1b[K' : '';
    this.#stream.write(erase + lines.join('\n') + '\n');
  }

  /** Prints a heading after a blank line. */
  section(title: string): void {
    this.print('', this.bold(title));
  }

  /** Shows a line that the next one replaces, cut to the terminal's width: a longer one would leave a rest. On a pipe, nothing. */
  redraw(line: string): void {
    if (this.live) this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns ?? lineWidth) - 1)}`);
  }

  /** Takes away a line that was being redrawn. */
  erase(): void {
    if (this.live) this.#stream.write('\r\x1b[K');
  }

  bold(text: string): string {
    return this.colours ? `\x1b[1m${text}\x1b[22m` : text;
  }

  dim(text: string): string {
    return this.colours ? `\x1b[2m${text}\x1b[22m` : text;
  }

  red(text: string): string {
    return this.colours ? `\x1b[31m${text}\x1b[39m` : text;
  }

  cyan(text: string): string {
    return this.colours ? `\x1b[36m${text}\x1b[39m` : text;
  }

  yellow(text: string): string {
    return this.colours ? `\x1b[33m${text}\x1b[39m` : text;
  }

  /**
   * The lines of a square picture of an even side, values from 0 to 1, light on dark: two pixels a character, one above the
   * other, or without grey levels one pixel two characters wide.
   */
  picture(pixels: ArrayLike<number>, side: number): string[] {
    if (!this.colours) {
      return Array.from({ length: side }, (_, y) =>
        Array.from({ length: side }, (_, x) => shades[Math.round(pixels[y * side + x]! * (shades.length - 1))]!.repeat(2)).join(''));
    }
    const grey = (x: number, y: number) => greys.first + Math.round(pixels[y * side + x]! * (greys.count - 1));
    return Array.from({ length: side / 2 }, (_, row) => {
      const cells = Array.from({ length: side }, (_, x) => `\x1b[38;5;${grey(x, 2 * row)};48;5;${grey(x, 2 * row + 1)}m▀`);
      return `${cells.join('')}\x1b[0m`;
    });
  }
}

/** By the locale; on Windows by the terminal. */
function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, WT_SESSION } = process.env;
  return process.platform === 'win32' ? WT_SESSION !== undefined : /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}

/** Pads to a width that ignores colour codes. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const spaces = ' '.repeat(Math.max(0, width - stripVTControlCharacters(text).length));
  return side === 'left' ? spaces + text : text + spaces;
}

/** Rows of cells as aligned lines, indented by two: the first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => stripVTControlCharacters(row[column]!).length)));
  const line = (row: readonly string[]) => row.map((cell, column) => pad(cell, widths[column]!, column === 0 ? 'right' : 'left'));
  return rows.map((row) => `  ${line(row).join(' '.repeat(gap))}`.trimEnd());
}

/** A paragraph broken between words, all lines but the first after an indent. */
export function wrap(text: string, indent = '', width = lineWidth): string[] {
  const [first, ...words] = text.split(' ');
  const lines: string[] = [];
  let line = first!;
  for (const word of words) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += ` ${word}`;
  }
  return [...lines, line];
}

/** A paragraph after a bullet. */
export function bullet(text: string): string[] {
  return wrap(`  - ${text}`, '    ');
}

/** Pairs of a term and what it means, in two columns, the second broken between words; long terms have a line of their own. */
export function columnsOf(pairs: readonly (readonly [string, string])[]): string[] {
  const longest = 30;
  const width = Math.max(...pairs.map(([term]) => term.length).filter((length) => length <= longest));
  const indent = ' '.repeat(width + 4);
  return pairs.flatMap(([term, meaning]) => {
    const lines = wrap(meaning, '', lineWidth - indent.length).map((line) => indent + line);
    return term.length > width ? [`  ${term}`, ...lines] : [`  ${term.padEnd(width + 2)}${lines[0]!.slice(indent.length)}`, ...lines.slice(1)];
  });
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A number in four digits, in powers of ten where it would be long. */
export function significant(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e7) ? value.toExponential(2) : Number(value.toPrecision(size >= 1e4 ? 6 : 4)).toString();
}

/** Text out of a file, for a terminal: without characters that would steer it. */
export function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, '\u00b7');
}

/** Text out of a file, cut to a width. */
export function fit(text: string, width: number): string {
  const clean = printable(text);
  return clean.length <= width ? clean : `${clean.slice(0, Math.max(1, width - 1))}~`;
}

/** A number in three digits, in powers of ten where it is tiny. */
export function short(value: number): string {
  return value === 0 ? '0' : Math.abs(value) < 1e-3 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
}
