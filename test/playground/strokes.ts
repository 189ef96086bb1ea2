/** Digits as a hand draws them: strokes in a square of 100 x 100, x, y, x, y and so on. */

/** Points of an ellipse from one angle to another, in degrees, clockwise from the right. */
function arc(x: number, y: number, across: number, down: number, from: number, to: number): number[] {
  const steps = 16;
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [x + across * Math.cos(angle), y + down * Math.sin(angle)];
  }).flat();
}

export const digitStrokes: readonly (readonly number[][])[] = [
  [arc(50, 50, 22, 32, -90, 270)],
  [[38, 32, 54, 16, 54, 84]],
  [[...arc(50, 36, 20, 18, -170, 40), 30, 82, 72, 82]],
  [[...arc(46, 33, 20, 16, -160, 90), ...arc(46, 66, 23, 17, -90, 160)]],
  [[52, 14, 28, 58, 74, 58], [62, 36, 58, 86]],
  [[70, 16, 36, 16, 34, 45, ...arc(48, 62, 22, 20, -110, 150)]],
  [[62, 14, 44, 30, 34, 52, ...arc(50, 66, 17, 18, -180, 180)]],
  [[28, 18, 72, 18, 44, 84]],
  [[...arc(50, 33, 16, 16, 90, -270), ...arc(50, 67, 20, 18, -90, 270)]],
  [[...arc(48, 36, 18, 18, 0, -360), 66, 36, 64, 60, 56, 86]],
];
