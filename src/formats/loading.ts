/** Models from files. Nothing is allocated for a model before its parameters have been found in the file, and no code comes out of one. */

import { loadBackend, type BackendChoice } from '../backend/index.ts';
import { Features } from '../data/features.ts';
import { OptionError, unexpected } from '../errors.ts';
import { buildStages } from '../model/chain.ts';
import type { Layer } from '../model/layers/layer.ts';
import { compiledFrom, layersFrom, type LayerLike } from '../model/layersFrom.ts';
import type { ModelFormat, ModelHandler } from '../model/savable.ts';
import { Sequential } from '../model/sequential.ts';
import { checkInteger, checkKeys } from '../options.ts';
import { inFile } from './modelFile.ts';
import { isTorch, ownValues, torchValues, type Wanted } from './parameters.ts';
import { readFrom } from './places.ts';
import { checkFormat, readModelFile } from './reading.ts';

export interface LoadOptions {
  /** Default: what the content says. */
  format?: ModelFormat;
  /**
   * The layers whose weights the file holds, where it does not say so itself, or in place of what it says; as they are or as plain data,
   * `{ type: 'dense', config: { units: 10 } }`.
   */
  architecture?: readonly (Layer | LayerLike)[];
  /** Where to compute; default `'auto'`. */
  backend?: BackendChoice;
}

/**
 * The model in a file that `toBytes` or `save` wrote, or `checkpoint`: its predictions have the same bits. It is compiled if it was, where
 * the file could say with what; the state of the optimizer starts anew. With `architecture`, the file may also be the state of an
 * `nn.Sequential` of PyTorch (`0.weight` [outputs, inputs], `0.bias`, `2.weight` and so on, as safetensors in float32, float16 or bfloat16);
 * the modules with weights are then taken in order. The model is not compiled then.
 *
 * @throws FormatError for a file that is damaged, or whose layers and tensors do not fit together; OptionError for unknown options;
 * BackendError where there is not enough memory, and in a page where the backend must be loaded first.
 */
export function fromBytes(bytes: Uint8Array, options: LoadOptions = {}): Sequential {
  const { model, fill } = prepare('fromBytes', bytes, options);
  fill();
  return model;
}

/**
 * As {@link fromBytes}, from a place: on Node the path of a file, or its `file:` URL; a URL of the web, which a page may write as a path;
 * in a page `'indexeddb://name'` or `'localstorage://name'`; bytes; or an object with a function `load` that gives them.
 *
 * Rejects as {@link fromBytes} throws; with a DataError where there is no such file, or it cannot be had.
 */
export async function loadModel(source: string | URL | Uint8Array | ModelHandler, options: LoadOptions = {}): Promise<Sequential> {
  const where = typeof source === 'string' || source instanceof URL ? `loadModel '${String(source)}'` : 'loadModel';
  checkOptions(where, options);
  const bytes = source instanceof Uint8Array ? source : await readFrom('loadModel', source);
  const { model, fill } = prepare(where, bytes, options);
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
  checkKeys(where, options, ['format', 'architecture', 'backend']);
  checkFormat(where, options.format);
}

/** The model, and what puts weights into it. */
function prepare(where: string, bytes: Uint8Array, options: LoadOptions): { model: Sequential; fill(): void } {
  checkOptions(where, options);
  if (!(bytes instanceof Uint8Array)) throw unexpected(where, 'the bytes of a file, a Uint8Array', bytes);
  const { architecture, backend = 'auto' } = options;
  const { description, tensors, isCheckpoint } = readModelFile(where, bytes, options.format, architecture !== undefined);
  const checked = <Result>(work: () => Result): Result => (architecture === undefined ? inFile(where, work) : work());
  const { layers, seed, stages, compiled, features } = checked(() => {
    const made = layersFrom(architecture === undefined ? 'layers' : `${where} architecture`, architecture ?? description['layers']);
    const number = checkInteger('seed', description['seed'] ?? 0);
    const { stages: built, inputs } = buildStages(made, number);
    if (description['inputs'] !== undefined && description['inputs'] !== inputs) throw unexpected('inputs', `${inputs}, as the layers say`, description['inputs']);
    return { layers: made, seed: number, stages: built, compiled: compiledFrom('compiled', description), features: featuresFrom(description['features'], inputs, built.at(-1)?.outputs ?? inputs) };
  });
  const wanted = stages.flatMap(({ layer, parameters }) => parameters.map(({ name, shape }): Wanted => ({ layer, name, shape })));
  const values = architecture !== undefined && isTorch(wanted, tensors) ? torchValues(where, wanted, tensors) : ownValues(where, wanted, tensors, isCheckpoint);
  const name = description['name'] as string | undefined;
  const model = checked(() => new Sequential({ layers, seed, backend, ...(name !== undefined && { name }) }));
  return {
    model,
    fill() {
      model.program.parameters.forEach((parameter, i) => model.program.write(parameter, values[i]!));
      if (compiled !== undefined) inFile(where, () => model.compile(compiled));
      model.userMetadata = description['userMetadata'];
      model.features = features;
    },
  };
}

/** What a file says of columns, where it does; it must fit the layers. */
function featuresFrom(description: unknown, inputs: number, outputs: number): Features | undefined {
  if (description === undefined) return undefined;
  const features = Features.from(description);
  if (features.inputs.length !== inputs) throw new OptionError(`features: expected ${inputs} inputs, as the layers have, received ${features.inputs.length}`);
  if (features.outputs !== outputs) throw new OptionError(`features: expected a target of ${outputs} outputs, as the layers have, received ${features.outputs}`);
  return features;
}
