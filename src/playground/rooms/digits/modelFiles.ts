/** Models out of files that were dropped on the page. It is loaded with the first of them. */

import { loadModel, type Sequential } from '../../../index.ts';

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
