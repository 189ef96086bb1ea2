/** Colours of the drawings, out of the page's style, so that they follow light and dark. */

/** Those asked for so far: to ask the page again makes it work out its style. */
const asked = new Map<string, string>();

/** A colour of the style by its name, `--warm`. */
export function colour(name: string): string {
  let value = asked.get(name);
  if (value === undefined) asked.set(name, value = getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return value;
}

export type Rgb = readonly [number, number, number];

function rgb(name: string): Rgb {
  const hex = Number.parseInt(colour(name).slice(1), 16);
  return [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255];
}

/** The colours between two, by the share of the second. */
export function blend(first: string, second: string): (share: number) => Rgb {
  const [from, to] = [rgb(first), rgb(second)];
  return (share) => from.map((value, channel) => Math.round(value + share * (to[channel]! - value))) as unknown as Rgb;
}

/** Pixels (as ImageData keeps them) for 0 to 255: cold, through the middle at 128, to warm. */
function ramp(): Uint32Array {
  const [cold, middle, warm] = [rgb('--cold'), rgb('--middle'), rgb('--warm')];
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const way = (i - 128) / 128;
    const end = way < 0 ? cold : warm;
    const share = Math.abs(way) ** 0.8 * 0.9;
    const [r, g, b] = middle.map((value, channel) => Math.round(value + share * (end[channel]! - value))) as unknown as Rgb;
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

let pixels: Uint32Array | undefined;
const darkness = matchMedia('(prefers-color-scheme: dark)');
darkness.addEventListener('change', () => {
  pixels = undefined;
  asked.clear();
});

/** Calls back when light turns dark or dark light; returns how to stop that. */
export function onSchemeChange(changed: () => void): () => void {
  darkness.addEventListener('change', changed);
  return () => darkness.removeEventListener('change', changed);
}

/** Draws a map of side² values into a canvas of that size. */
export function paintMap(canvas: HTMLCanvasElement, values: Uint8Array): void {
  const side = Math.sqrt(values.length);
  pixels ??= ramp();
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(side, side);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = pixels[values[i]!]!;
  context.putImageData(image, 0, 0);
}

/** A canvas that is kept for as long as what is on it stays the same. */
export class Kept {
  readonly canvas = document.createElement('canvas');
  #key = '';

  /** Draws anew if `key`, the size or light and dark have changed; `width` and `height` are in CSS pixels. */
  draw(key: string, width: number, height: number, paint: (context: CanvasRenderingContext2D) => void): void {
    const ratio = devicePixelRatio;
    const all = [key, width, height, ratio, darkness.matches].join();
    if (all === this.#key) return;
    this.#key = all;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const context = this.canvas.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context);
  }
}

/** Makes a canvas as large as it is shown, in device pixels; its context takes CSS pixels. */
export function sized(canvas: HTMLCanvasElement): { context: CanvasRenderingContext2D; width: number; height: number } {
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
