/** Networks to race on, with what they are trained on. All numbers come out of a seed, so that both lanes have the same. */

import { dense, sequential, sgd, type BackendName, type Sequential } from '../../../index.ts';
import { fetchDigits } from '../../data/digits.ts';
import { normal, uniform } from '../../data/random.ts';
import type { CourseName } from './messages.ts';

/** How a network is trained. */
export interface Course {
  readonly batchSize: number;
  model(backend: BackendName, seed: number): Sequential;
  samples(seed: number, digits: string): Promise<Samples> | Samples;
}

export interface Samples {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** A network with one hidden layer, compiled. */
function network(inputs: number, hidden: number, outputs: number, learningRate: number): Course['model'] {
  return (backend, seed) => {
    const model = sequential({
      layers: [
        dense({ units: hidden, activation: outputs === 1 ? 'tanh' : 'relu', inputShape: [inputs] }),
        dense({ units: outputs, activation: outputs === 1 ? 'sigmoid' : 'softmax' }),
      ],
      backend,
      seed,
    });
    model.compile({ optimizer: sgd({ learningRate, momentum: 0.9 }), loss: outputs === 1 ? 'binaryCrossentropy' : 'sparseCategoricalCrossentropy' });
    return model;
  };
}

export const courses: Readonly<Record<CourseName, Course>> = {
  small: { batchSize: 100, model: network(3, 2, 1, 0.02), samples: points },
  digits: { batchSize: 32, model: network(64, 64, 10, 0.02), samples: (_seed, address) => fetchDigits(address) },
  large: { batchSize: 32, model: network(784, 128, 10, 0.002), samples: pictures },
};

/** Points in a cube, of a class by a curved surface. */
function points(seed: number): Samples {
  const rows = 100_000;
  const draw = uniform(seed);
  const x = Float32Array.from({ length: 3 * rows }, () => 2 * draw() - 1);
  return { x, y: Float32Array.from({ length: rows }, (_, i) => (x[3 * i]! * x[3 * i + 1]! + 0.5 * x[3 * i + 2]! > 0 ? 1 : 0)) };
}

/** Ten pictures of noise, and many noisy copies of each. */
function pictures(seed: number): Samples {
  const [rows, pixels, classes] = [2_000, 784, 10];
  const draw = uniform(seed);
  const originals = Float32Array.from({ length: classes * pixels }, () => draw());
  const x = new Float32Array(rows * pixels);
  const y = Float32Array.from({ length: rows }, (_, row) => row % classes);
  for (let i = 0; i < x.length; i++) x[i] = 0.3 * originals[(y[Math.floor(i / pixels)]! * pixels) + (i % pixels)]! + 0.35 + 0.2 * normal(draw);
  return { x, y };
}
