/** The two files of a TensorFlow.js model: `model.json`, and the weights, whose name stands in it. */

import { OptionError, unexpected } from '../../errors.ts';
import type { ModelSnapshot } from '../../model/description.ts';
import type { ModelHandler } from '../../model/savable.ts';
import { attempt, diskFor, replaceFile } from '../modelFile.ts';
import { download, folderOf, placeOf } from '../places.ts';
import { isFileName } from './weights.ts';
import { encodeTfjs } from './write.ts';

const utf8 = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** Writes both files; a model that was there is whole until the new one is. */
export function saveTfjs(target: string | URL | ModelHandler, snapshot: ModelSnapshot): void {
  const advice = 'a TensorFlow.js model is two files, for the path of a model.json or downloads://name; toTfjs() gives them for other places';
  if (typeof target !== 'string' && !(target instanceof URL)) throw new OptionError(`save: ${advice}`);
  const { scheme, name, where } = placeOf('save', target);
  if (scheme === 'path') replaceFiles(where, name, snapshot);
  else if (scheme === 'downloads') offerFiles(where, name.replace(/\.json$/, ''), snapshot);
  else throw new OptionError(`${where}: ${advice}`);
}

/** The weights under a name that the JSON of before does not have; then that JSON in one move; then the old weights go. */
function replaceFiles(where: string, path: string, snapshot: ModelSnapshot): void {
  const disk = diskFor(where);
  const folder = folderOf(path);
  const stem = path.slice(folder.length, -'.json'.length);
  if (!path.endsWith('.json') || stem === '') throw unexpected(`${where} target`, "the path of a .json, such as 'folder/model.json'", path);
  // So models in one folder do not take each other's.
  const names = ['weights.bin', 'weights.2.bin'].map((name) => (stem === 'model' ? name : `${stem}.${name}`));
  const before = attempt(`${where}: '${path}' could not be read`, () => namedIn(disk.read(path)));
  const file = names.find((name) => !before.includes(name)) ?? names[0]!;
  const { modelJson, weights } = encodeTfjs('save', snapshot, file);
  replaceFile(where, disk, folder + file, `${folder}${file}.tmp`, weights);
  try {
    replaceFile(where, disk, path, `${path}.tmp`, utf8(modelJson));
  } catch (error) {
    disk.remove(folder + file);
    throw error;
  }
  for (const name of names) if (name !== file && before.includes(name)) attempt(`${where}: '${folder}${name}' could not be removed`, () => disk.remove(folder + name));
}

/** The files of weights that a JSON names, if it is one. */
function namedIn(bytes: Uint8Array | undefined): unknown[] {
  if (bytes === undefined) return [];
  try {
    const { weightsManifest } = JSON.parse(new TextDecoder().decode(bytes)) as { weightsManifest: { paths: string[] }[] };
    return weightsManifest.flatMap(({ paths }) => paths.map((path) => path.replace(/^\.\//, '')));
  } catch {
    return [];
  }
}

function offerFiles(where: string, name: string, snapshot: ModelSnapshot): void {
  const file = `${name}.weights.bin`;
  if (!isFileName(file)) throw unexpected(where, 'the name of a file behind downloads://', name);
  const { modelJson, weights } = encodeTfjs('save', snapshot, file);
  download(where, file, weights);
  download(where, `${name}.json`, utf8(modelJson));
}
