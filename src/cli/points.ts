/** Two small sets of points in the plane that no straight line separates: XOR and two spirals. */

/** Points with a class of 0 or 1 each. */
export interface Points {
  readonly name: string;
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

export const xor: Points = { name: 'XOR', x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };

/** One and a half turns each, from near the centre outwards, half a turn apart. */
export function spirals(perSpiral: number): Points {
  const turns = 1.5;
  const inner = 0.3;
  const outer = 3;
  const points = Array.from({ length: 2 * perSpiral }, (_, i) => {
    const way = (Math.floor(i / 2) + 0.5) / perSpiral;
    const radius = inner + (outer - inner) * way;
    const angle = 2 * Math.PI * turns * way + Math.PI * (i % 2);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  return { name: 'two spirals', x: points, y: points.map((_, i) => i % 2) };
}
