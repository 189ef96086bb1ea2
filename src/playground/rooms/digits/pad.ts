/** The square to draw in: with a mouse, a pen or a finger, and with keys. It keeps strokes, and shows them or the pixels of a sample. */

import type { Stroke } from './picture.ts';

export interface Pad {
  readonly canvas: HTMLCanvasElement;
  readonly strokes: readonly Stroke[];
  clear(): void;
  /** Takes the last stroke back. */
  undo(): void;
  /** Shows a picture of 8 x 8 in place of strokes. */
  show(pixels: Float32Array): void;
}

/** Strokes are in units of which the side has so many, however large it is shown. */
const side = 280;
const pen = 22;
/** What an arrow key moves the pen by. */
const stepLength = 10;
const arrows: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** `changed` is called after every change; `drawing` is true while a stroke goes on. */
export function makePad(canvas: HTMLCanvasElement, changed: (drawing: boolean) => void): Pad {
  canvas.width = canvas.height = side * 2;
  canvas.tabIndex = 0;
  const context = canvas.getContext('2d')!;
  context.scale(2, 2);
  let strokes: number[][] = [];
  let pixels: Float32Array | undefined;
  let pointer: number | undefined;
  const cursor = { x: side / 2, y: side / 4, shown: false, down: false };

  const draw = (): void => {
    const { color } = getComputedStyle(canvas);
    context.clearRect(0, 0, side, side);
    context.fillStyle = context.strokeStyle = color;
    if (pixels !== undefined) drawPixels(context, pixels, side);
    context.lineWidth = pen;
    context.lineCap = context.lineJoin = 'round';
    for (const stroke of strokes) {
      context.beginPath();
      context.moveTo(stroke[0]!, stroke[1]!);
      for (let i = 0; i < stroke.length; i += 2) context.lineTo(stroke[i]!, stroke[i + 1]!);
      context.stroke();
    }
    if (!cursor.shown) return;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(cursor.x, cursor.y, pen / 2 + 3, 0, 2 * Math.PI);
    context.stroke();
    if (cursor.down) {
      context.globalAlpha = 0.3;
      context.fill();
      context.globalAlpha = 1;
    }
  };
  const update = (drawing: boolean): void => {
    draw();
    changed(drawing);
  };
  const begin = (x: number, y: number): void => {
    pixels = undefined;
    strokes.push([x, y]);
    update(true);
  };
  const extend = (x: number, y: number): void => {
    strokes.at(-1)!.push(x, y);
    update(true);
  };
  const place = ({ clientX, clientY }: PointerEvent): [x: number, y: number] => {
    const box = canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * side, ((clientY - box.top) / box.height) * side];
  };
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || pointer !== undefined) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    cursor.shown = cursor.down = false;
    begin(...place(event));
  };
  canvas.onpointermove = (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents();
    for (const one of events.length > 0 ? events : [event]) strokes.at(-1)!.push(...place(one));
    update(true);
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    update(false);
  };
  const clear = (): void => {
    strokes = [];
    pixels = undefined;
    cursor.down = false;
    update(false);
  };
  canvas.onkeydown = (event) => {
    const arrow = arrows[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow !== undefined) {
      cursor.shown = true;
      cursor.x = Math.min(side - pen, Math.max(pen, cursor.x + arrow[0] * stepLength));
      cursor.y = Math.min(side - pen, Math.max(pen, cursor.y + arrow[1] * stepLength));
      if (cursor.down) extend(cursor.x, cursor.y);
      else draw();
    } else if (event.key === ' ') {
      cursor.shown = true;
      cursor.down = !cursor.down;
      if (cursor.down) begin(cursor.x, cursor.y);
      else update(false);
    } else if (event.key === 'Delete' || event.key === 'Backspace') clear();
    else return;
    event.preventDefault();
  };
  canvas.onblur = () => {
    cursor.shown = cursor.down = false;
    draw();
  };
  return {
    canvas,
    get strokes() {
      return strokes;
    },
    clear,
    undo() {
      strokes.pop();
      pixels = undefined;
      update(false);
    },
    show(shown) {
      strokes = [];
      pixels = shown;
      update(false);
    },
  };
}

/** Draws pixels from 0 to 1 over a square of a canvas, in its colour. */
export function drawPixels(context: CanvasRenderingContext2D, pixels: Float32Array, size: number): void {
  const across = Math.sqrt(pixels.length);
  const cell = size / across;
  pixels.forEach((value, i) => {
    context.globalAlpha = Math.min(1, Math.max(0, value));
    context.fillRect((i % across) * cell, Math.floor(i / across) * cell, cell, cell);
  });
  context.globalAlpha = 1;
}
