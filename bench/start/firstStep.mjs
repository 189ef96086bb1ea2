/** A script as a user would write it, that takes one step. */
import { dense, sequential, sgd } from '../../dist/index.js';

const model = sequential({
  layers: [dense({ units: 128, activation: 'relu', inputShape: [784] }), dense({ units: 10, activation: 'softmax' })],
});
model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: 'sparseCategoricalCrossentropy' });
const x = Float32Array.from({ length: 32 * 784 }, (_, i) => (i % 251) / 251);
const y = Float32Array.from({ length: 32 }, (_, i) => i % 10);
model.trainOnBatch(x, y);
process.stdout.write(`${performance.timeOrigin + performance.now()} ${process.resourceUsage().maxRSS}`);
