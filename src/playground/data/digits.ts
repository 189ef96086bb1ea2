/** The handwritten digits that ship with the library, as the page fetches them: in gzip, pixel by pixel over all pictures, labels last. */

export const pixels = 64;
/** The value of full ink in the file. */
const ink = 16;

/** All pictures, [rows, 64] from 0 to 1, and the digit that each shows; they lie in the order of digits. */
export async function fetchDigits(address: string): Promise<{ x: Float32Array; y: Float32Array }> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The digits could not be had: ${address} gave ${response.status}`);
  const columns = new Uint8Array(await new Response(response.body!.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
  const rows = columns.length / (pixels + 1);
  const x = new Float32Array(rows * pixels);
  for (let i = 0; i < x.length; i++) x[i] = columns[(i % pixels) * rows + Math.floor(i / pixels)]! / ink;
  return { x, y: Float32Array.from(columns.subarray(rows * pixels)) };
}
