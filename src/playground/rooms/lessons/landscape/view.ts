/** How a block of terrain is seen from a side and above: in parallel, so that equal lengths stay equal. */

/** Degrees: how far it is turned, and how far one looks down on it; 90 is from straight above. */
export interface View {
  readonly turn: number;
  readonly tilt: number;
}

/** A point of the block: u and v on the ground from −1 to 1, h upwards from 0. */
export type Spot = readonly [u: number, v: number, h: number];

export interface Projection {
  /** To the right and down, in units of the block; `depth` is how far it is away on the ground. */
  place(spot: Spot): { x: number; y: number; depth: number };
  /** A step towards the eye. */
  readonly toEye: Spot;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

export function projection({ turn, tilt }: View): Projection {
  const [cos, sin] = [Math.cos(radians(turn)), Math.sin(radians(turn))];
  const [flat, steep] = [Math.cos(radians(tilt)), Math.sin(radians(tilt))];
  return {
    place: ([u, v, h]) => {
      const depth = u * sin + v * cos;
      return { x: u * cos - v * sin, y: -(depth * steep + h * flat), depth };
    },
    toEye: [-sin * flat, -cos * flat, steep],
  };
}

/** The turn that lets a way on the ground come towards the eye, from the left or right by this many degrees. */
export function turnTowards(u: number, v: number, aside: number): number {
  const degrees = -(90 - aside) - (Math.atan2(v, u) * 180) / Math.PI;
  return ((degrees % 360) + 360) % 360;
}

/** Whether ground stands between a spot and the eye; `ground` gives its height. */
export function isHidden([u, v, h]: Spot, [du, dv, dh]: Spot, ground: (u: number, v: number) => number): boolean {
  const step = 0.03;
  // What lies on the ground is not hidden by its own slope, which is straight between points of the grid.
  const slack = 0.01;
  for (let t = step; ; t += step) {
    const [a, b] = [u + t * du, v + t * dv];
    // Straight above it there is nothing.
    if (Math.abs(a) > 1 || Math.abs(b) > 1 || t > 3) return false;
    if (ground(a, b) > h + t * dh + slack) return true;
  }
}
