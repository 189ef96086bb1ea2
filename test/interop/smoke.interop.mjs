/** The programs are there. */
import { expect, it } from 'vitest';

it('TensorFlow.js is the version that is asked for', async () => {
  const tf = await import('@tensorflow/tfjs');
  expect(tf.version.tfjs).toBe('4.22.0');
});
