/** Update rules: the wasm kernels against their plain twins, and both against the rule written out. */
import { describe, expect, it } from 'vitest';
import { expectClose } from '../close.ts';
import { Twins, awkward, counts, numbers } from '../twins.ts';

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

const adamCombinations = [0, 0.01].flatMap((weightDecay) =>
  [0, 1].flatMap((decoupled) => [false, true].map((amsgrad) => ({ weightDecay, decoupled, amsgrad }))),
);
const beta1 = Math.fround(0.9);
const beta2 = Math.fround(0.99);
const epsilon = Math.fround(1e-3);

/** Both memories with parameters and everything else that `adam` reads. */
class AdamFixture {
  readonly twins = new Twins();
  readonly #rate = this.twins.place([learningRate]);
  readonly #step = this.twins.space(1);
  readonly #gradient: number;
  readonly ranges: Record<'parameters' | 'first' | 'second' | 'maximum', number>;
  readonly count: number;

  constructor(parameters: ArrayLike<number>, state: readonly [number, number, number] = [0, 0, 0]) {
    this.count = parameters.length;
    const [first, second, maximum] = state.map((value) => this.twins.space(this.count, value)) as [number, number, number];
    this.ranges = { parameters: this.twins.place(parameters), first, second, maximum };
    this.#gradient = this.twins.space(this.count);
  }

  step(t: number, gradient: ArrayLike<number>, { weightDecay = 0, decoupled = 0, amsgrad = false }): void {
    for (const { f32, i32 } of [this.twins.wasm, this.twins.plain]) {
      f32.set(gradient, this.#gradient / 4);
      i32[this.#step / 4] = t;
    }
    const { parameters, first, second, maximum } = this.ranges;
    this.twins.run(
      'adam', parameters, first, second, amsgrad ? maximum : 0, this.#gradient, this.#rate, this.#step, this.count,
      beta1, beta2, epsilon, weightDecay, decoupled,
    );
  }

  expect(range: keyof AdamFixture['ranges'], expected: ArrayLike<number>): void {
    for (const [name, actual] of Object.entries(this.twins.read(this.ranges[range], this.count))) {
      expectClose(actual, expected, tolerance, `${name} ${range}`);
    }
  }
}

/** The rule written out, in double precision. */
function adamRule(state: Record<'parameters' | 'first' | 'second' | 'maximum', Float64Array>, t: number, gradient: ArrayLike<number>, { weightDecay = 0, decoupled = 0, amsgrad = false }): void {
  const { parameters, first, second, maximum } = state;
  for (let i = 0; i < parameters.length; i++) {
    const theta = parameters[i]!;
    const g = gradient[i]! + (decoupled ? 0 : weightDecay * theta);
    first[i] = beta1 * first[i]! + (1 - beta1) * g;
    second[i] = beta2 * second[i]! + (1 - beta2) * g ** 2;
    if (amsgrad) maximum[i] = Math.max(maximum[i]!, second[i]!);
    const v = (amsgrad ? maximum : second)[i]! / (1 - beta2 ** t);
    parameters[i] = theta * (decoupled ? 1 - learningRate * weightDecay : 1) - learningRate * (first[i]! / (1 - beta1 ** t)) / (Math.sqrt(v) + epsilon);
  }
}

describe('adam', () => {
  it.each(adamCombinations)('follows its rule for 50 steps: %o', (options) => {
    const start = numbers(37);
    const fixture = new AdamFixture(start);
    const state = { parameters: Float64Array.from(start), first: new Float64Array(37), second: new Float64Array(37), maximum: new Float64Array(37) };
    for (let t = 1; t <= 50; t++) {
      // Steps that shrink, so that the largest second moment is not the last one.
      const gradient = numbers(37, t + 1, 1 / t);
      fixture.step(t, gradient, options);
      adamRule(state, t, gradient, options);
    }
    for (const range of ['parameters', 'first', 'second', 'maximum'] as const) fixture.expect(range, state[range]);
    if (options.amsgrad) expect(state.maximum.every((value, i) => value > state.second[i]!)).toBe(true);
  });

  it.each(counts)('updates all of %i parameters and nothing else', (count) => {
    for (const options of adamCombinations) {
      const start = numbers(count, 3);
      const gradient = numbers(count, 4);
      const fixture = new AdamFixture(start, [0.5, 0.25, 0.5]);
      const bottom = fixture.twins.wasm.f32.slice(0, 1024);
      fixture.step(7, gradient, options);
      const state = {
        parameters: Float64Array.from(start), first: new Float64Array(count).fill(0.5), second: new Float64Array(count).fill(0.25),
        maximum: new Float64Array(count).fill(0.5),
      };
      adamRule(state, 7, gradient, options);
      for (const range of ['parameters', 'first', 'second', 'maximum'] as const) fixture.expect(range, state[range]);
      expect(bottom.every((value, i) => Object.is(value, fixture.twins.wasm.f32[i])), 'nothing at address 0').toBe(true);
    }
  });

  it('goes a step of the learning rate against the first gradient, whatever its size', () => {
    const fixture = new AdamFixture([1, 1, 1, 1]);
    fixture.step(1, [1e4, -1e4, 1e6, -1e12], {});
    fixture.expect('parameters', [0.95, 1.05, 0.95, 1.05]);
  });

  it('corrects as well after a million steps', () => {
    for (const t of [2 ** 20, 2 ** 31 - 1]) {
      const fixture = new AdamFixture([1, -1], [0.5, 0.25, 0]);
      fixture.step(t, [0.5, 0.5], {});
      fixture.expect('parameters', [1 - learningRate / (1 + 2 * epsilon), -1 - learningRate / (1 + 2 * epsilon)]);
    }
  });

  it('lets moments decay to zero, denormal for less than 16 steps', () => {
    for (const amsgrad of [false, true]) {
      const fixture = new AdamFixture(new Float32Array(9), [1e-37, 1e-37, 1e-40]);
      for (let t = 2; t <= 640; t++) {
        fixture.step(t, new Float32Array(9), { amsgrad });
        if (t % 16 !== 0) continue;
        for (const range of ['first', 'second', 'maximum'] as const) {
          if (range === 'maximum' && !amsgrad) continue;
          for (const values of Object.values(fixture.twins.read(fixture.ranges[range], 9))) {
            expect(values.every((value) => value === 0 || value >= 2 ** -126)).toBe(true);
          }
        }
      }
      fixture.expect('first', new Float32Array(9));
      fixture.expect('second', new Float32Array(9));
    }
  });

  it('keeps zeros zero, and a NaN gradient where it is', () => {
    for (const options of adamCombinations) {
      const fixture = new AdamFixture(new Float32Array(7));
      fixture.step(2, [0, NaN, 0, 0, 0, 0, 0], options);
      fixture.step(3, new Float32Array(7), options);
      for (const values of Object.values(fixture.twins.read(fixture.ranges.parameters, 8))) {
        expect(values).toEqual(Float32Array.of(0, NaN, 0, 0, 0, 0, 0, 0));
      }
    }
  });

  it('gives one answer for awkward gradients and states on both sides', () => {
    for (const options of adamCombinations) {
      const gradients = awkward.flatMap((g) => awkward.map(() => g));
      const fixture = new AdamFixture(gradients.map((_, i) => awkward[i % awkward.length]!), [0.5, 0.25, 0.25]);
      fixture.step(5, gradients, options);
      const { wasm, plain } = fixture.twins.read(fixture.ranges.parameters, fixture.count);
      gradients.forEach((g, i) => {
        // Beyond 1e15 the square or a sum with it leaves float32 on one side and not, in double precision, on the other.
        if (Math.abs(g) > 1e15 || Math.abs(awkward[i % awkward.length]!) > 1e15) return;
        if (Number.isNaN(plain[i])) expect(wasm[i]).toBeNaN();
        else expect(Math.abs(wasm[i]! - plain[i]!), `g ${g}`).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(plain[i]!)));
      });
    }
  });
});
