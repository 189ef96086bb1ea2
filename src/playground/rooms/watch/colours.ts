/** Colours of the drawings, out of the page's style, so that they follow light and dark. */

import { mapSide } from './messages.ts';

/** A colour of the style by its name, `--warm`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

type Rgb = readonly [number, number, number];

function rgb(name: string): Rgb {
  const hex = Number.parseInt(colour(name).slice(1), 16);
  return [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255];
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
darkness.addEventListener('change', () => (pixels = undefined));

/** Calls back when light turns dark or dark light; returns how to stop that. */
export function onSchemeChange(changed: () => void): () => void {
  darkness.addEventListener('change', changed);
  return () => darkness.removeEventListener('change', changed);
}

/** Draws a map of side² values into a canvas of that size. */
export function paintMap(canvas: HTMLCanvasElement, values: Uint8Array, side: number = mapSide): void {
  pixels ??= ramp();
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(side, side);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) out[i] = pixels[values[i]!]!;
  context.putImageData(image, 0, 0);
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
