/** Weights in memories of twins, each in its own layout. */
import type { Twins } from './twins.ts';

/** Where the wasm layout keeps weight[input, unit]: panels of 8 columns, a last one of 4 where at most 4 are left. */
function panelIndex(input: number, unit: number, inputs: number, units: number): number {
  const column = unit & ~7;
  const stride = column < Math.floor((units + 3) / 8) * 8 ? 8 : 4;
  return column * inputs + input * stride + (unit - column);
}

/** Places a row-major weight in each twin's layout. */
export function placeWeight(twins: Twins, weight: Float32Array, inputs: number, units: number): number {
  const at = twins.space(inputs * Math.ceil(units / 4) * 4);
  twins.plain.f32.set(weight, at / 4);
  for (let i = 0; i < inputs; i++) for (let u = 0; u < units; u++) twins.wasm.f32[at / 4 + panelIndex(i, u, inputs, units)] = weight[i * units + u]!;
  return at;
}

export function readWeight(twins: Twins, at: number, inputs: number, units: number): { wasm: Float32Array; plain: Float32Array } {
  const wasm = new Float32Array(inputs * units);
  for (let i = 0; i < inputs; i++) for (let u = 0; u < units; u++) wasm[i * units + u] = twins.wasm.f32[at / 4 + panelIndex(i, u, inputs, units)]!;
  return { wasm, plain: twins.plain.f32.slice(at / 4, at / 4 + inputs * units) };
}
