/** The update rules that only some models train by: wasm kernels and plain twins, each against its rule written out. */
import { describe, expect, it } from 'vitest';
import { allOperations } from '../../src/backend/extraPlan.ts';
import { expectClose } from '../close.ts';
import { awkward, counts, numbers, Twins } from '../twins.ts';

const learningRate = Math.fround(0.05);
type Options = Readonly<Record<string, number>>;
type State = Record<string, number>;

interface Rule {
  readonly options: readonly Options[];
  /** The ranges of state that it has with these options, beside `parameters`. */
  slots(options: Options): readonly string[];
  /** One element in step t: changes its state, and returns what is taken off the parameter. */
  step(state: State, g: number, t: number, options: Options): number;
}

const decays = [0, Math.fround(0.01)];
const rho = Math.fround(0.9);
const beta1 = Math.fround(0.9);
const beta2 = Math.fround(0.99);
const epsilon = Math.fround(1e-3);
const moments = { beta1, beta2, epsilon };

const rules: Record<'rmsprop' | 'adagrad' | 'adadelta' | 'adamax' | 'nadam' | 'lion', Rule> = {
  rmsprop: {
    options: decays.flatMap((weightDecay) => [0, 0.5].flatMap((momentum) => [0, 1].map((centered) => ({ rho, epsilon, momentum, weightDecay, centered })))),
    slots: ({ momentum, centered }) => ['second', ...(centered ? ['mean'] : []), ...(momentum! > 0 ? ['velocity'] : [])],
    step(state, g, _t, { momentum, centered }) {
      // The square of the mean added and taken off again.
      const square = rho * (state['second']! + (centered ? state['mean']! ** 2 : 0)) + (1 - rho) * g ** 2;
      if (centered) state['mean'] = rho * state['mean']! + (1 - rho) * g;
      state['second'] = square - (centered ? state['mean']! ** 2 : 0);
      const change = g / (Math.sqrt(state['second']) + epsilon);
      if (momentum === 0) return learningRate * change;
      state['velocity'] = momentum! * state['velocity']! + change;
      return learningRate * state['velocity'];
    },
  },
  adagrad: {
    options: decays.map((weightDecay) => ({ epsilon, weightDecay })),
    slots: () => ['squares'],
    step(state, g) {
      state['squares']! += g ** 2;
      return learningRate * g / (Math.sqrt(state['squares']!) + epsilon);
    },
  },
  adadelta: {
    options: decays.map((weightDecay) => ({ rho, epsilon, weightDecay })),
    slots: () => ['second', 'changes'],
    step(state, g) {
      state['second'] = rho * state['second']! + (1 - rho) * g ** 2;
      const change = g * Math.sqrt(state['changes']! + epsilon) / Math.sqrt(state['second'] + epsilon);
      state['changes'] = rho * state['changes']! + (1 - rho) * change ** 2;
      return learningRate * change;
    },
  },
  adamax: {
    options: decays.map((weightDecay) => ({ ...moments, weightDecay })),
    slots: () => ['first', 'largest'],
    step(state, g, t) {
      state['first'] = beta1 * state['first']! + (1 - beta1) * g;
      state['largest'] = Math.max(beta2 * state['largest']!, Math.abs(g) + epsilon);
      return learningRate / (1 - beta1 ** t) * state['first'] / state['largest'];
    },
  },
  nadam: {
    options: decays.flatMap((weightDecay) => [0, Math.fround(0.004), 0.5, 100].map((momentumDecay) => ({ ...moments, weightDecay, momentumDecay }))),
    slots: () => ['first', 'second'],
    step(state, g, t, { momentumDecay }) {
      const momentum = (i: number): number => beta1 * (1 - 0.5 * 0.96 ** (i * momentumDecay!));
      let product = 1;
      for (let i = 1; i <= t; i++) product *= momentum(i);
      state['first'] = beta1 * state['first']! + (1 - beta1) * g;
      state['second'] = beta2 * state['second']! + (1 - beta2) * g ** 2;
      const ahead = momentum(t + 1) / (1 - product * momentum(t + 1)) * state['first'] + (1 - momentum(t)) / (1 - product) * g;
      return learningRate * ahead / (Math.sqrt(state['second'] / (1 - beta2 ** t)) + epsilon);
    },
  },
  lion: {
    options: decays.map((weightDecay) => ({ beta1, beta2, weightDecay, decoupled: 1 })),
    slots: () => ['first'],
    step(state, g) {
      const sign = Math.sign(beta1 * state['first']! + (1 - beta1) * g);
      state['first'] = beta2 * state['first']! + (1 - beta2) * g;
      return learningRate * sign;
    },
  },
};
const names = Object.keys(rules) as (keyof typeof rules)[];
const cases = names.flatMap((name) => rules[name].options.map((options) => [name, options] as const));

/** Both memories with what an update reads, and the rule's own state in double precision. */
class Fixture {
  readonly twins = new Twins();
  readonly count: number;
  readonly slots: readonly string[];
  readonly states: State[];
  readonly #name: keyof typeof rules;
  readonly #options: Options;
  readonly #at: Record<string, number>;

  constructor(name: keyof typeof rules, options: Options, parameters: ArrayLike<number>, state = 0) {
    this.#name = name;
    this.#options = options;
    this.count = parameters.length;
    this.slots = rules[name].slots(options);
    const { twins, count } = this;
    this.#at = { learningRate: twins.place([learningRate]), step: twins.space(1), parameters: twins.place(parameters), dparameters: twins.space(count) };
    for (const slot of this.slots) this.#at[slot] = twins.space(count, state);
    const initial = Object.fromEntries(this.slots.map((slot) => [slot, state]));
    this.states = Array.from(parameters, (value) => ({ ...initial, parameters: value }));
  }

  /** Step t, by the kernels. */
  run(t: number, gradient: ArrayLike<number>): void {
    for (const { f32, i32 } of [this.twins.wasm, this.twins.plain]) {
      f32.set(gradient, this.#at['dparameters']! / 4);
      i32[this.#at['step']! / 4] = t;
    }
    const args = Object.keys(allOperations[this.#name]).map((key) => (key === 'count' ? this.count : this.#at[key] ?? this.#options[key] ?? 0));
    this.twins.run(this.#name, ...args);
  }

  /** Step t, by the kernels and the rule. */
  step(t: number, gradient: ArrayLike<number>): void {
    const { weightDecay, decoupled } = this.#options;
    this.run(t, gradient);
    this.states.forEach((state, i) => {
      const theta = state['parameters']!;
      const change = rules[this.#name].step(state, gradient[i]! + (decoupled ? 0 : weightDecay! * theta), t, this.#options);
      state['parameters'] = theta - change - (decoupled ? learningRate * weightDecay! * theta : 0);
    });
  }

  read(slot: string): Record<'wasm' | 'plain', Float32Array> {
    return this.twins.read(this.#at[slot]!, this.count);
  }

  expect(tolerance: number): void {
    for (const slot of ['parameters', ...this.slots]) {
      for (const [name, actual] of Object.entries(this.read(slot))) expectClose(actual, this.states.map((state) => state[slot]!), tolerance, `${name} ${slot}`);
    }
  }
}

describe.each(cases)('%s %o', (name, options) => {
  it('follows its rule for 50 steps', () => {
    const fixture = new Fixture(name, options, numbers(37));
    // Not so small that rounding decides a sign.
    for (let t = 1; t <= 50; t++) fixture.step(t, numbers(37, t + 1, 1 / t));
    fixture.expect(1e-5);
  });

  it('updates all of any number of parameters and nothing else', () => {
    for (const count of counts) {
      const fixture = new Fixture(name, options, numbers(count, 3), 0.25);
      const bottom = fixture.twins.wasm.f32.slice(0, 1024);
      fixture.step(7, numbers(count, 4));
      fixture.expect(2e-6);
      expect(bottom.every((value, i) => Object.is(value, fixture.twins.wasm.f32[i])), 'nothing at address 0').toBe(true);
    }
  });

  it('keeps zeros zero, and a NaN gradient where it is', () => {
    const fixture = new Fixture(name, options, new Float32Array(7));
    fixture.run(1, [0, NaN, 0, 0, 0, 0, 0]);
    fixture.run(2, new Float32Array(7));
    for (const values of Object.values(fixture.read('parameters'))) expect(values).toEqual(Float32Array.of(0, NaN, 0, 0, 0, 0, 0));
  });

  it('lets no state become denormal, whatever vanishes', () => {
    for (const gradient of [0, 1e-37, -1e-16, 1e-10, 1]) {
      const fixture = new Fixture(name, options, new Float32Array(5), 1e-37);
      for (let t = 2; t <= 200; t++) {
        fixture.run(t, new Float32Array(5).fill(gradient * 0.5 ** t));
        for (const slot of fixture.slots) {
          for (const values of Object.values(fixture.read(slot))) expect(values.every((value) => value === 0 || Math.abs(value) >= 2 ** -126), slot).toBe(true);
        }
      }
      for (const values of Object.values(fixture.read('parameters'))) expect(values.every((value) => value === 0 || Math.abs(value) >= 1e-34)).toBe(true);
    }
  });

  it('gives one answer for awkward gradients and parameters on both sides', () => {
    const gradients = awkward.flatMap((g) => awkward.map(() => g));
    const fixture = new Fixture(name, options, gradients.map((_, i) => awkward[i % awkward.length]!), 0.25);
    fixture.run(5, gradients);
    const { wasm, plain } = fixture.read('parameters');
    gradients.forEach((g, i) => {
      // Beyond 1e15 the square or a sum with it leaves float32 on one side and not, in double precision, on the other.
      if (Math.abs(g) > 1e15 || Math.abs(awkward[i % awkward.length]!) > 1e15) return;
      if (Number.isNaN(plain[i])) expect(wasm[i]).toBeNaN();
      else expect(Math.abs(wasm[i]! - plain[i]!), `g ${g}`).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(plain[i]!)));
    });
  });
});

describe('nadam', () => {
  it.each([0, 0.004, 0.3, 0.7, 2, 1000])('is as right after millions of steps, with a momentum decay of %f', (decay) => {
    const options = { ...moments, weightDecay: 0, momentumDecay: Math.fround(decay) };
    // With first = g and second = g² the step is that of its momenta alone, whose product is then 0.
    for (const [t, tolerance] of [[300, 1e-5], [100_000, 1e-6], [1_000_000, 1e-6], [2 ** 31 - 1, 1e-6]] as const) {
      const fixture = new Fixture('nadam', options, [0], 0.25);
      fixture.run(t, [0.5]);
      const momentum = (i: number): number => beta1 * (1 - 0.5 * 0.96 ** (i * options.momentumDecay));
      const first = beta1 * 0.25 + (1 - beta1) * 0.5;
      const expected = -learningRate * (momentum(t + 1) * first + (1 - momentum(t)) * 0.5) / (Math.sqrt(0.25 / (1 - beta2 ** t)) + epsilon);
      for (const values of Object.values(fixture.read('parameters'))) expectClose(values, [expected], tolerance * Math.abs(expected));
    }
  });

  it('has the product of its momenta where they are all the same', () => {
    const fixture = new Fixture('nadam', { ...moments, weightDecay: 0, momentumDecay: 1e4 }, [0], 0);
    const t = 40;
    fixture.run(t, [0.5]);
    const ahead = beta1 / (1 - beta1 ** (t + 1)) * (1 - beta1) * 0.5 + (1 - beta1) / (1 - beta1 ** t) * 0.5;
    const expected = -learningRate * ahead / (Math.sqrt((1 - beta2) * 0.25 / (1 - beta2 ** t)) + epsilon);
    for (const values of Object.values(fixture.read('parameters'))) expectClose(values, [expected], 1e-6 * Math.abs(expected));
  });
});

describe('lion', () => {
  it('goes a step of the learning rate, or none', () => {
    const fixture = new Fixture('lion', { beta1, beta2, weightDecay: 0 }, [1, 1, 1, 1, 1]);
    fixture.run(1, [1e-10, -1e10, 0, -0, -Infinity]);
    for (const values of Object.values(fixture.read('parameters'))) expectClose(values, [1 - learningRate, 1 + learningRate, 1, 1, 1 + learningRate], 1e-7);
  });
});

describe('rmsprop', () => {
  it('centered, stays finite where gradients do not change', () => {
    const fixture = new Fixture('rmsprop', { rho, epsilon: Math.fround(1e-7), momentum: 0, weightDecay: 0, centered: 1 }, [0]);
    for (let t = 1; t <= 1000; t++) fixture.run(t, [0.1]);
    for (const values of Object.values(fixture.read('parameters'))) expect(Number.isFinite(values[0])).toBe(true);
    for (const values of Object.values(fixture.read('second'))) expect(values[0]).toBeGreaterThanOrEqual(0);
  });
});
