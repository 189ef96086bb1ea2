/** Models out of files that were dropped on the page, and what they are. */

import { loadModel, type Sequential } from '../../../index.ts';
import type { Reader } from './messages.ts';

/** Far more than any network of dense layers for pictures of 28 x 28 needs. */
const mostBytes = 256 * 2 ** 20;

/**
 * The model in these files: a safetensors or ONNX file, which are known by their content, or the `model.json` of TensorFlow.js with its
 * weights. Throws an Error that says in a sentence what is wrong.
 */
export async function modelFrom(files: readonly File[]): Promise<Sequential> {
  const names = files.map(({ name }) => name).join(', ');
  if (files.length === 0) throw new Error('There was no file in what was dropped.');
  if (files.reduce((sum, { size }) => sum + size, 0) > mostBytes) throw new Error(`${names}: larger than 256 MB, which is too much for this page.`);
  try {
    return await parsed(files);
  } catch (cause) {
    throw new Error(`${names}: no model that this page can read. ${(cause as Error).message}`, { cause });
  }
}

async function parsed(files: readonly File[]): Promise<Sequential> {
  const json = files.find(({ name }) => name.toLowerCase().endsWith('.json'));
  const others = files.filter((file) => file !== json);
  if (json !== undefined) {
    if (others.length === 0) throw new Error('The weights of a model.json of TensorFlow.js are in .bin files beside it: choose all of them together.');
    return loadModel({ modelJson: await json.text(), weights: await inOrder(await json.text(), others) });
  }
  if (others.every(({ name }) => name.toLowerCase().endsWith('.bin'))) throw new Error('A .bin file holds weights alone: choose the model.json beside it too.');
  if (others.length > 1) throw new Error(`Expected one file, received ${others.length}.`);
  return loadModel(new Uint8Array(await others[0]!.arrayBuffer()));
}

/** The files of weights in the order that `weightsManifest` names them. */
async function inOrder(text: string, files: readonly File[]): Promise<ArrayBuffer[]> {
  const { weightsManifest = [] } = JSON.parse(text) as { weightsManifest?: { paths?: string[] }[] };
  const paths = weightsManifest.flatMap((group) => group.paths ?? []);
  return Promise.all(paths.map((path) => {
    const file = files.find(({ name }) => name === path.split('/').at(-1));
    if (file === undefined) throw new Error(`There is no ${path} among the files, which model.json names: choose it too.`);
    return file.arrayBuffer();
  }));
}

/** What a model takes and gives. Throws where that is no picture. */
export function readerOf(model: Sequential, file: string | undefined): Reader {
  const [inputs] = model.inputShape;
  const [outputs] = model.outputShape;
  if (inputs !== 64 && inputs !== 784) {
    throw new Error(`This model takes ${inputs} values a row. A drawing gives it 64 (8 x 8 pixels) or 784 (28 x 28 pixels), and nothing else.`);
  }
  const named = (model.userMetadata as { labels?: unknown } | undefined)?.labels;
  const classes = Math.max(outputs, 2);
  const units = model.layers.flatMap(({ config }) => (typeof config['units'] === 'number' ? [config['units']] : []));
  return {
    inputs,
    labels: Array.isArray(named) && named.length === classes ? named.map(String) : Array.from({ length: classes }, (_, i) => String(i)),
    sizes: [inputs, ...units].join('-'),
    // A model that scales its inputs itself takes them as they are in files.
    ink: model.layers[0]?.type !== 'normalization' ? 1 : inputs === 64 ? 16 : 255,
    file,
  };
}
