/**
 * The training step of a shape in jax-js, on its WebAssembly backend (one thread, as Node has no `Worker`). Loss, gradients and
 * update all in one function under `jit` is the fastest there is; its MNIST page puts the forward pass alone under `jit`,
 * and updates array by array.
 */

import { makeData, batches, learningRate, type Shape, type Step } from '../shapes.ts';
import { importPeer } from './install.ts';

/** What is used of its arrays. An operation takes its operands: `ref` keeps one for later. */
interface Tensor {
  readonly ref: Tensor;
  add(other: Tensor | number): Tensor;
  sub(other: Tensor): Tensor;
  mul(other: Tensor | number): Tensor;
  div(other: Tensor): Tensor;
  sum(): Tensor;
  reshape(shape: readonly number[]): Tensor;
  js(): number;
}

/** Weight and bias of every layer. */
type Parameters = readonly (readonly [Tensor, Tensor])[];
type Loss = (parameters: Parameters, x: Tensor, y: Tensor) => Tensor;

interface Jax {
  init(device: string): Promise<string[]>;
  jit<Function>(step: Function): Function;
  valueAndGrad(loss: Loss): (...args: globalThis.Parameters<Loss>) => [Tensor, Parameters];
  readonly nn: { relu(x: Tensor): Tensor; logSoftmax(x: Tensor): Tensor; oneHot(y: Tensor, classes: number): Tensor };
  readonly numpy: {
    array(values: Float32Array | Int32Array | number): Tensor;
    zeros(shape: readonly number[]): Tensor;
    dot(a: Tensor, b: Tensor): Tensor;
    sqrt(x: Tensor): Tensor;
    square(x: Tensor): Tensor;
  };
  readonly tree: {
    map(each: (...leaves: Tensor[]) => Tensor, ...trees: Parameters[]): Parameters;
    ref(tree: Parameters): Parameters;
  };
}

/** Plain descent, the same as its pages have it, or Adam with its usual settings. */
export type JaxWay = keyof typeof ways;

const ways = { sgd: descend, pages: descendInParts, adam };

/** A step of digits (relu, softmax, sparse cross-entropy) from these weights. */
export async function makeJaxStep(shape: Shape, weights: readonly Float32Array[], way: JaxWay): Promise<Step> {
  const jax = (await importPeer('@jax-js/jax', 'dist/index.js')) as Jax;
  await jax.init('wasm');
  const { numpy: np } = jax;
  const { widths, rows } = shape;
  const data = makeData(shape);
  const x = data.x.map((values) => np.array(values).reshape([rows, widths[0]!]));
  const y = data.y.map((classes) => np.array(Int32Array.from(classes)));
  const parameters: Parameters = widths.slice(1).map((units, i) => [np.array(weights[2 * i]!).reshape([widths[i]!, units]), np.array(weights[2 * i + 1]!)]);
  const update = ways[way](jax, shape, parameters);
  let step = 0;
  return () => {
    step++;
    return update(x[step % batches]!.ref, y[step % batches]!.ref, step).js();
  };
}

function logits({ nn, numpy: np }: Jax, parameters: Parameters, x: Tensor): Tensor {
  return parameters.reduce((input, [weight, bias], i) => {
    const z = np.dot(input, weight).add(bias);
    return i < parameters.length - 1 ? nn.relu(z) : nn.logSoftmax(z);
  }, x);
}

function lossOf({ nn }: Jax, { widths, rows }: Shape, predict: (parameters: Parameters, x: Tensor) => Tensor): Loss {
  return (parameters, x, y) => predict(parameters, x).mul(nn.oneHot(y, widths.at(-1)!)).sum().mul(-1 / rows);
}

type Update = (x: Tensor, y: Tensor, step: number) => Tensor;

function descend(jax: Jax, shape: Shape, parameters: Parameters): Update {
  const { jit, tree, valueAndGrad } = jax;
  const loss = lossOf(jax, shape, logits.bind(undefined, jax));
  const update = jit((old: Parameters, x: Tensor, y: Tensor): [Tensor, Parameters] => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(old), x, y);
    return [value, tree.map((parameter, gradient) => parameter.sub(gradient.mul(learningRate)), old, gradients)];
  });
  return (x, y) => {
    const [value, next] = update(parameters, x, y);
    parameters = next;
    return value;
  };
}

function descendInParts(jax: Jax, shape: Shape, parameters: Parameters): Update {
  const { jit, tree, valueAndGrad } = jax;
  const loss = lossOf(jax, shape, jit(logits.bind(undefined, jax)));
  return (x, y) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(parameters), x, y);
    parameters = tree.map((parameter, gradient) => parameter.sub(gradient.mul(learningRate)), parameters, gradients);
    return value;
  };
}

/** As Keras and nabla have it: epsilon outside the root. The two corrections change from step to step, and are arguments. */
function adam(jax: Jax, shape: Shape, parameters: Parameters): Update {
  const { jit, tree, valueAndGrad, numpy: np } = jax;
  const { widths } = shape;
  const loss = lossOf(jax, shape, logits.bind(undefined, jax));
  const zeros = (): Parameters => widths.slice(1).map((units, i) => [np.zeros([widths[i]!, units]), np.zeros([units])]);
  let [m, v] = [zeros(), zeros()];
  type State = [value: Tensor, parameters: Parameters, m: Parameters, v: Parameters];
  const update = jit((old: Parameters, oldM: Parameters, oldV: Parameters, rate: Tensor, correction: Tensor, x: Tensor, y: Tensor): State => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(old), x, y);
    const newM = tree.map((mean, gradient) => mean.mul(0.9).add(gradient.mul(0.1)), oldM, tree.ref(gradients));
    const newV = tree.map((mean, gradient) => mean.mul(0.999).add(np.square(gradient).mul(0.001)), oldV, gradients);
    const moved = tree.map(
      (parameter, mean, square) => parameter.sub(mean.mul(rate.ref).div(np.sqrt(square.mul(correction.ref)).add(1e-7))),
      old, tree.ref(newM), tree.ref(newV),
    );
    return [value, moved, newM, newV];
  });
  return (x, y, step) => {
    const rate = np.array(learningRate / (1 - 0.9 ** step));
    const correction = np.array(1 / (1 - 0.999 ** step));
    const [value, ...next] = update(parameters, m, v, rate, correction, x, y);
    [parameters, m, v] = next;
    return value;
  };
}
