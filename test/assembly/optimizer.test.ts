/** Update rules: the wasm kernels against their plain twins, and both against the rule written out. */
import { describe, expect, it } from 'vitest';
import { Twins, counts, numbers } from '../twins.ts';

/** Largest difference after 50 steps, relative to 1 + |value|: a few float32 roundings a step, and momentum keeps ten steps of them. */
const tolerance = 5e-6;

const learningRate = 0.05;
const combinations = [0, 0.9].flatMap((momentum) =>
  [0, 0.25].flatMap((dampening) =>
    [0, 1].flatMap((nesterov) => [0, 0.01].map((weightDecay) => ({ momentum, dampening, nesterov, weightDecay }))),
  ),
);

/** Both memories with parameters and everything else that `sgd` reads. */
class Fixture {
  readonly twins = new Twins();
  readonly #rate = this.twins.place([learningRate]);
  readonly #step = this.twins.space(1);
  readonly #gradient: number;
  readonly parameters: number;
  readonly velocity: number;
  readonly count: number;

  constructor(parameters: ArrayLike<number>, velocity = NaN) {
    this.count = parameters.length;
    this.parameters = this.twins.place(parameters);
    this.velocity = this.twins.space(this.count, velocity);
    this.#gradient = this.twins.space(this.count);
  }

  step(t: number, gradient: ArrayLike<number>, momentum = 0, dampening = 0, nesterov = 0, weightDecay = 0): void {
    for (const { f32, i32 } of [this.twins.wasm, this.twins.plain]) {
      f32.set(gradient, this.#gradient / 4);
      i32[this.#step / 4] = t;
    }
    const velocity = momentum === 0 ? 0 : this.velocity;
    this.twins.run(
      'sgd', this.parameters, velocity, this.#gradient, this.#rate, this.#step, this.count, momentum, dampening, nesterov, weightDecay,
    );
  }

  expect(at: number, expected: ArrayLike<number>): void {
    for (const [name, actual] of Object.entries(this.twins.read(at, this.count))) {
      const wrong = actual.findIndex((value, i) => !(Math.abs(value - expected[i]!) <= tolerance * (1 + Math.abs(expected[i]!))));
      if (wrong >= 0) expect.fail(`${name}: element ${wrong} is ${actual[wrong]}, not ${expected[wrong]}`);
    }
  }
}

describe('sgd', () => {
  it.each(combinations)('follows its rule for 50 steps: %o', ({ momentum, dampening, nesterov, weightDecay }) => {
    const start = numbers(37);
    const fixture = new Fixture(start); // The velocity holds NaN: the first step must not read it.
    const theta = Float64Array.from(start);
    const v = new Float64Array(start.length);
    for (let t = 1; t <= 50; t++) {
      const gradient = numbers(start.length, t + 1);
      fixture.step(t, gradient, momentum, dampening, nesterov, weightDecay);
      gradient.forEach((derivative, i) => {
        const g = derivative + weightDecay * theta[i]!;
        v[i] = t === 1 ? g : momentum * v[i]! + (1 - dampening) * g;
        const update = momentum === 0 ? g : nesterov ? g + momentum * v[i]! : v[i]!;
        theta[i]! -= learningRate * update;
      });
    }
    fixture.expect(fixture.parameters, theta);
    if (momentum !== 0) fixture.expect(fixture.velocity, v);
  });

  it.each(counts)('updates all of %i parameters and nothing else', (count) => {
    for (const { momentum, dampening, nesterov, weightDecay } of combinations) {
      const start = numbers(count, 3);
      const gradient = numbers(count, 4);
      const fixture = new Fixture(start, 0.5);
      const bottom = fixture.twins.wasm.f32.slice(0, 1024);
      fixture.step(2, gradient, momentum, dampening, nesterov, weightDecay);
      const g = gradient.map((derivative, i) => derivative + weightDecay * start[i]!);
      const v = g.map((value) => momentum * 0.5 + (1 - dampening) * value);
      const update = momentum === 0 ? g : nesterov ? g.map((value, i) => value + momentum * v[i]!) : v;
      fixture.expect(fixture.parameters, start.map((value, i) => value - learningRate * update[i]!));
      fixture.expect(fixture.velocity, momentum === 0 ? v.fill(0.5) : v);
      expect(bottom.every((value, i) => Object.is(value, fixture.twins.wasm.f32[i])), 'nothing at address 0').toBe(true);
    }
  });

  it('gives the numbers of PyTorch\'s rule worked out by hand', () => {
    const fixture = new Fixture([1]);
    fixture.step(1, [2], 0.5, 0.5, 0, 0.25);
    fixture.expect(fixture.velocity, [2.25]); // g = 2 + 0.25·1, not dampened
    fixture.expect(fixture.parameters, [0.8875]); // 1 − 0.05·2.25
    fixture.step(2, [2], 0.5, 0.5, 0, 0.25);
    fixture.expect(fixture.velocity, [2.2359375]); // 0.5·2.25 + 0.5·(2 + 0.25·0.8875)
    fixture.expect(fixture.parameters, [0.775703125]);
  });

  it('lets velocities decay to zero, not to denormal numbers', () => {
    for (const nesterov of [0, 1]) {
      const fixture = new Fixture(new Float32Array(9), 1e-37);
      for (let t = 2; t < 60; t++) {
        fixture.step(t, new Float32Array(9), 0.9, 0, nesterov);
        for (const values of Object.values(fixture.twins.read(fixture.velocity, 9))) {
          expect(values.every((v) => v === 0 || v >= 2 ** -126)).toBe(true);
        }
      }
      for (const values of Object.values(fixture.twins.read(fixture.velocity, 9))) expect(values).toEqual(new Float32Array(9));
    }
  });

  it('keeps zeros zero, and a NaN gradient where it is', () => {
    for (const { momentum, dampening, nesterov, weightDecay } of combinations) {
      const fixture = new Fixture([0, 0, 0, 0, 0, 0, 0], 0);
      fixture.step(2, [0, NaN, 0, 0, 0, 0, 0], momentum, dampening, nesterov, weightDecay);
      for (const values of Object.values(fixture.twins.read(fixture.parameters, 8))) {
        expect(values).toEqual(Float32Array.of(0, NaN, 0, 0, 0, 0, 0, 0));
      }
    }
  });
});
