/**
 * `npm run bench -- peers`: nabla against other libraries that compute in WebAssembly, on one thread, from the same weights
 * and on the same batches. Before timing, the first steps of both must give the same numbers.
 */

import { adam, sgd, type Optimizer } from '../src/index.ts';
import { inTurns, median, medianRatio, type Call } from './measure.ts';
import { installPeers, versions } from './peers/install.ts';
import { makeJaxStep, type JaxWay } from './peers/jax.ts';
import { makeOnnxStep } from './peers/onnx.ts';
import { runAlone } from './place.ts';
import { checkAgreement, learningRate, makeData, makeModel, shapes, stepOf, type Shape } from './shapes.ts';
import { headLines, line, significant, times, titles, type Columns } from './table.ts';

const options = { rounds: 41, sample: 30, warmup: 1000 };
const columns: Columns = [['', 42], ['peer', -24], ['its µs', 10], ['nabla µs', 10], ['ratio', 8]];

const shapeNamed = (name: string): Shape => shapes.find((shape) => shape.name === name)!;
const small = shapeNamed('train 784-128-10, batch 32');
const large = shapeNamed('train 784-512-512-10, batch 128');

/** Each makes both, checks that they agree, and returns what is to be timed. */
const comparisons: readonly { readonly name: string; readonly peer: keyof typeof versions; readonly make: () => Promise<[peer: Call, nabla: Call]> }[] = [
  { name: `${small.name}, SGD`, peer: '@jax-js/jax', make: () => training(small, 'sgd', sgd({ learningRate })) },
  { name: '  the same, as its pages have it', peer: '@jax-js/jax', make: () => training(small, 'pages', sgd({ learningRate })) },
  { name: `${large.name}, Adam`, peer: '@jax-js/jax', make: () => training(large, 'adam', adam({ learningRate })) },
  { name: 'predict 784-512-512-10, 256 rows', peer: 'onnxruntime-web', make: () => inference({ ...large, verb: 'predict', rows: 256 }) },
];

export function peers(): void {
  installPeers('@jax-js/jax', 'onnxruntime-web');
  console.log(`${headLines()}\n\n${titles(columns)}`);
  // Each pair in a process of its own: libraries stay out of each other's way.
  comparisons.forEach((_, i) => runAlone('peer', String(i)));
}

/** One line of the table. */
export async function peer([index]: readonly string[]): Promise<void> {
  const { name, peer, make } = comparisons[Number(index)]!;
  const [theirs, ours] = await inTurns(await make(), options);
  const microseconds = [theirs!, ours!].map((samples) => significant(median(samples) * 1000));
  console.log(line(columns, [name, `${peer} ${versions[peer]}`, ...microseconds, times(medianRatio(theirs!, ours!), 2)]));
}

async function training(shape: Shape, way: JaxWay, optimizer: Optimizer): Promise<[Call, Call]> {
  const model = makeModel(shape, 'wasm', optimizer);
  const theirs = await makeJaxStep(shape, model.getWeights(), way);
  const ours = stepOf(shape, model);
  const steps = Array.from({ length: 20 });
  checkAgreement(shape.name, steps.map(theirs), steps.map(ours));
  return [theirs, ours];
}

async function inference(shape: Shape): Promise<[Call, Call]> {
  const model = makeModel(shape, 'wasm');
  const theirs = await makeOnnxStep(shape, model.getWeights());
  checkAgreement(shape.name, [...(await theirs())], [...model.predict(makeData(shape).x[0]!)]);
  return [theirs, stepOf(shape, model)];
}
