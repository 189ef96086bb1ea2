/** What a model that reads pictures takes and gives. */

import type { Sequential } from '../../../index.ts';
import type { Reader } from './messages.ts';

/** Throws an Error, in a sentence, where the model takes no pictures that a drawing can give. */
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
