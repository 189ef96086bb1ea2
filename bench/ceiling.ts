/**
 * What the engine could do at best: chains of multiply-adds in registers alone, compiled here, against which kernels are
 * held. They run in the same rounds as the kernels, for a share of a rate taken minutes ago would say nothing.
 */

import { compileProbe } from './place.ts';

export interface Chain {
  /** One call: this many floating-point operations. */
  readonly operations: number;
  readonly call: () => void;
}

interface Probe {
  readonly memory: WebAssembly.Memory;
  readonly ones: WebAssembly.Global;
  chain(turns: number): number;
  clock(turns: number): number;
}

/** About a tenth of a millisecond a call. */
const turns = 25_000;

/** Multiplications and additions apart, as in the strict binary; and cycles, to tell a slow clock from a slow kernel. */
export function strictChain(): Chain & { readonly clock: () => void; readonly cycles: number } {
  const { chain, clock } = instantiate(compileProbe('chain', ['simd']));
  return { operations: turns * 14 * 4, call: () => chain(turns), cycles: turns * 48, clock: () => clock(turns) };
}

/** Both in one instruction, or undefined where the engine has none. */
export function fusedChain(): Chain | undefined {
  const binary = compileProbe('chainFused', ['simd', 'relaxed-simd']);
  if (!WebAssembly.validate(binary)) return undefined;
  const { chain } = instantiate(binary);
  return { operations: turns * 12 * 8, call: () => chain(turns) };
}

function instantiate(binary: Uint8Array<ArrayBuffer>): Probe {
  const probe = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports as unknown as Probe;
  new Float32Array(probe.memory.buffer, probe.ones.value as number, 15 * 4).fill(1);
  return probe;
}
