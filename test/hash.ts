/** A hash of weights, bit by bit, that Node and pages compute alike. */
export async function hashWeights(weights: readonly Float32Array[]): Promise<string> {
  const bytes = new Uint8Array(weights.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const values of weights) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
