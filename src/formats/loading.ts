/** Models from files. Nothing is allocated for a model before its parameters have been found in the file, and no code comes out of one. */

import { loadBackend, type BackendChoice } from '../backend/index.ts';
import { Features } from '../data/features.ts';
import { BackendError, FormatError, NablaError, OptionError, show, unexpected } from '../errors.ts';
import { buildStages } from '../model/chain.ts';
import { isDefined } from '../model/layers/activation.ts';
import type { DefinedActivation, Layer, Stage } from '../model/layers/layer.ts';
import { compiledFrom, layersFrom, type LayerLike } from '../model/layersFrom.ts';
import type { ModelFormat, ModelHandler } from '../model/savable.ts';
import { Sequential } from '../model/sequential.ts';
import { checkInteger, checkKeys } from '../options.ts';
import { warnOnce } from '../platform.ts';
import { inFile } from './modelFile.ts';
import { isTorch, ownValues, torchValues, type Wanted } from './parameters.ts';
import { readBeside, readFrom } from './places.ts';
import { checkFormat, formatOf, readModelFile, type ModelFile } from './reading.ts';
import { parseTfjs, readTfjs, textOf, type TfjsFiles } from './tfjs/read.ts';
import type { Training } from './tfjs/training.ts';
import { shardNames } from './tfjs/weights.ts';

export interface LoadOptions {
  /** Default: what the content says. */
  format?: ModelFormat;
  /**
   * The layers whose weights the file holds, where it does not say so itself, or in place of what it says; as they are or as plain data,
   * `{ type: 'dense', config: { units: 10 } }`.
   */
  architecture?: readonly (Layer | LayerLike)[];
  /** The activations of one's own that its layers have, as `defineActivation` made them: a file holds their names alone. */
  activations?: readonly DefinedActivation[];
  /** Where to compute; default `'auto'`. */
  backend?: BackendChoice;
}

/**
 * The model in a file that `toBytes` or `save` wrote, or `checkpoint`: its predictions have the same bits. It is compiled if it was, where
 * the file could say with what; the state of the optimizer starts anew. With `architecture`, the file may also be the state of an
 * `nn.Sequential` of PyTorch (`0.weight` [outputs, inputs], `0.bias`, `2.weight` and so on, as safetensors in float32, float16 or bfloat16);
 * the modules with weights are then taken in order. The model is not compiled then.
 *
 * An ONNX file (opset 7 or later) is known by its content. Read are graphs of one input [N, columns] made of `Gemm`, `MatMul`, arithmetic with constants,
 * activations (also written out with arithmetic), `BatchNormalization`, `LayerNormalization` and sums x + f(x), from the output named `output`, or the
 * first. Such a model is not compiled, and its layers are those of the graph: constants become part of weights or a `normalization`.
 *
 * @throws FormatError for a file that is damaged, or whose layers and tensors do not fit together, or with a node of ONNX that no layer can do, by name; OptionError for unknown options;
 * BackendError where there is not enough memory, and in a page where the backend must be loaded first.
 */
export function fromBytes(bytes: Uint8Array, options: LoadOptions = {}): Sequential {
  checkOptions('fromBytes', options);
  const { model, fill } = prepare('fromBytes', readBytes('fromBytes', bytes, options), options);
  fill();
  return model;
}

/**
 * The layers model of TensorFlow.js in these files, as `tf.sequential` and Keras save it: `Sequential`, or `Functional` that is a chain, of
 * `Dense`, `Activation`, `ReLU`, `LeakyReLU`, `ELU`, `Softmax`, `BatchNormalization`, `LayerNormalization`, `Dropout`, `GaussianNoise`, `Flatten` and
 * `Rescaling`, on rows of numbers; images are rows, with the last axis next to each other. Weights are float32, or quantized as `uint8`, `uint16`
 * or `float16`. What was kept as `userDefinedMetadata` is `userMetadata`. Of a `trainingConfig`, optimizer, loss and metrics are those of the same names
 * here; what there is not is left out with a warning, and where that is the optimizer, a schedule or the loss, the model is not compiled. Left out are also
 * the state of an optimizer, `trainable`, and rules of weights that there are not here, which matter in training alone.
 *
 * @throws FormatError for files that are damaged or do not fit together, and layers or activations that there are not here; OptionError and
 * BackendError as {@link fromBytes} does.
 */
export function fromTfjs(files: TfjsFiles, options: Pick<LoadOptions, 'backend'> = {}): Sequential {
  const where = 'fromTfjs';
  checkKeys(where, options, ['backend']);
  checkKeys(where, files, ['modelJson', 'weights']);
  const { model, fill } = prepare(where, readTfjs(where, parseTfjs(where, files.modelJson), files.weights), options);
  fill();
  return model;
}

/**
 * As {@link fromBytes}, from a place: on Node the path of a file, or its `file:` URL; a URL of the web, which a page may write as a path;
 * in a page `'indexeddb://name'` or `'localstorage://name'`; bytes; or an object with a function `load` that gives them.
 * The path or URL may also be that of the `model.json` of a TensorFlow.js model, whose other files lie in the same folder; or the files are given as for
 * {@link fromTfjs}.
 *
 * Rejects as these throw; with a DataError where there is no such file, or it cannot be had.
 */
export async function loadModel(source: string | URL | Uint8Array | ModelHandler | TfjsFiles, options: LoadOptions = {}): Promise<Sequential> {
  const where = typeof source === 'string' || source instanceof URL ? `loadModel '${String(source)}'` : 'loadModel';
  checkOptions(where, options);
  const { model, fill } = prepare(where, await readSource(where, source, options), options);
  try {
    void model.program;
  } catch {
    // Part of its backend may have to be loaded first.
    await loadBackend(model.backend);
  }
  fill();
  return model;
}

function checkOptions(where: string, options: LoadOptions): void {
  checkKeys(where, options, ['format', 'architecture', 'activations', 'backend']);
  checkFormat(where, options.format);
  const { activations = [] } = options;
  if (!Array.isArray(activations)) throw unexpected(`${where} activations`, 'an array of what defineActivation made', activations);
  activations.forEach((one: unknown, i) => {
    if (!isDefined(one)) throw unexpected(`${where} activations[${i}]`, 'what defineActivation made', one);
    if (activations.findIndex(({ name }) => name === one.name) !== i) throw new OptionError(`${where} activations: two are named ${show(one.name)}`);
  });
}

function readBytes(where: string, bytes: Uint8Array, { format, architecture }: LoadOptions): ModelFile {
  if (!(bytes instanceof Uint8Array)) throw unexpected(where, 'the bytes of a file, a Uint8Array', bytes);
  return readModelFile(where, bytes, format, architecture !== undefined);
}

async function readSource(where: string, source: string | URL | Uint8Array | ModelHandler | TfjsFiles, options: LoadOptions): Promise<ModelFile> {
  const tfjs = (modelJson: unknown): ReturnType<typeof parseTfjs> => {
    if (options.architecture !== undefined) throw new OptionError(`${where} architecture: a TensorFlow.js model says itself of which layers it is`);
    return parseTfjs(where, modelJson);
  };
  if (typeof source === 'object' && source !== null && 'modelJson' in source) {
    checkKeys(where, source, ['modelJson', 'weights']);
    return readTfjs(where, tfjs(source.modelJson), source.weights);
  }
  const bytes = source instanceof Uint8Array ? source : await readFrom('loadModel', source);
  const isPlace = typeof source === 'string' || source instanceof URL;
  if (!isPlace || (options.format ?? formatOf(bytes)) !== 'tfjs') return readBytes(where, bytes, options);
  const json = tfjs(textOf(where, bytes));
  return readTfjs(where, json, await Promise.all(shardNames(where, json.manifest).map((name) => readBeside('loadModel', source, name))));
}

/** The model, and what puts weights into it. */
function prepare(where: string, { description, tensors, isCheckpoint, training }: ModelFile, options: LoadOptions): { model: Sequential; fill(): void } {
  const { architecture, activations, backend = 'auto' } = options;
  const checked = <Result>(work: () => Result): Result => (architecture === undefined ? inFile(where, work) : work());
  const { layers, seed, stages, compiled, features } = checked(() => {
    const made = layersFrom(architecture === undefined ? 'layers' : `${where} architecture`, architecture ?? description['layers'], activations);
    const number = checkInteger('seed', description['seed'] ?? 0);
    const { stages: built, inputs } = buildStages(made, number);
    if (description['inputs'] !== undefined && description['inputs'] !== inputs) throw unexpected('inputs', `${inputs}, as the layers say`, description['inputs']);
    return { layers: made, seed: number, stages: built, compiled: compiledFrom('compiled', description), features: featuresFrom(description['features'], inputs, built.at(-1)?.outputs ?? inputs) };
  });
  const wanted = stages.flatMap(({ layer, parameters }) => parameters.map(({ name, shape }): Wanted => ({ layer, name, shape })));
  const values = architecture !== undefined && isTorch(wanted, tensors) ? torchValues(where, wanted, tensors) : ownValues(where, wanted, tensors, isCheckpoint);
  if (architecture === undefined) checkWidths(where, stages, tensors);
  const name = description['name'] as string | undefined;
  const model = checked(() => new Sequential({ layers, seed, backend, ...(name !== undefined && { name }) }));
  return {
    model,
    fill() {
      model.program.parameters.forEach((parameter, i) => model.program.write(parameter, values[i]!));
      if (compiled !== undefined) inFile(where, () => model.compile(compiled));
      if (training !== undefined) compileAs(where, model, training);
      model.userMetadata = description['userMetadata'];
      model.features = features;
    },
  };
}

/** Compiles a model as another program did, as far as that goes, and says once what there is not here. */
function compileAs(where: string, model: Sequential, { compiled, leftOut }: Training): void {
  /** What is wrong with it, if it is not compiled. */
  const tried = (metrics: readonly unknown[]): string | undefined => {
    try {
      model.compile(compiledFrom('trainingConfig', { ...compiled, metrics })!);
      return undefined;
    } catch (error) {
      if (!(error instanceof NablaError) || error instanceof BackendError) throw error;
      return error.message;
    }
  };
  const metrics = (compiled?.['metrics'] ?? []) as string[];
  let problem = compiled === undefined ? 'optimizer and loss must both be known here' : tried(metrics);
  // Metrics that do not go with the loss here are no reason not to train.
  const unfit = problem === undefined || compiled === undefined || tried([]) !== undefined ? [] : metrics.filter((metric) => tried([metric]) !== undefined);
  if (unfit.length > 0) problem = tried(metrics.filter((metric) => !unfit.includes(metric)));
  const left = [...leftOut, ...unfit.map((metric) => `metric ${show(metric)}`)];
  const parts = [...left.length > 0 ? [`left out of its training: ${left.join(', ')}`] : [], ...(problem !== undefined ? [`the model is not compiled: ${problem}`] : [])];
  if (parts.length > 0) warnOnce(`${where}: ${parts.join('; ')}`);
}

/** Values that layers may pass on for a row, whatever they are; and as many as this for each number in the file. */
const mostPassed = 2 ** 22;
const mostPassedEach = 64;

/** Refuses layers whose buffers would be out of all proportion: some have no parameters, and cost a file nothing but their names. */
function checkWidths(where: string, stages: readonly Stage[], tensors: ModelFile['tensors']): void {
  const passed = stages.reduce((sum, { outputs }) => sum + outputs, 0);
  const most = [...tensors.values()].reduce((sum, { data }) => sum + mostPassedEach * data.length, mostPassed);
  if (passed > most) throw new FormatError(`${where}: expected layers that pass on at most ${most} values for a row, in a file of so many parameters; received ${passed}`);
}

/** What a file says of columns, where it does; it must fit the layers. */
function featuresFrom(description: unknown, inputs: number, outputs: number): Features | undefined {
  if (description === undefined) return undefined;
  const features = Features.from(description);
  if (features.inputs.length !== inputs) throw new OptionError(`features: expected ${inputs} inputs, as the layers have, received ${features.inputs.length}`);
  if (features.outputs !== outputs) throw new OptionError(`features: expected a target of ${outputs} outputs, as the layers have, received ${features.outputs}`);
  return features;
}
