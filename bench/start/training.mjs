/** A script that trains a larger network on one batch. */
import { dense, sequential, sgd } from '../../dist/index.js';

const model = sequential({
  layers: [
    dense({ units: 512, activation: 'relu', inputShape: [784] }),
    dense({ units: 512, activation: 'relu' }),
    dense({ units: 10, activation: 'softmax' }),
  ],
});
model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'sparseCategoricalCrossentropy' });
const x = Float32Array.from({ length: 128 * 784 }, (_, i) => (i % 251) / 251);
const y = Float32Array.from({ length: 128 }, (_, i) => i % 10);
for (let step = 0; step < 100; step++) model.trainOnBatch(x, y);
process.stdout.write(`${performance.timeOrigin + performance.now()} ${process.resourceUsage().maxRSS}`);
