/**
 * The reference backend: every operation of the plan page in plain TypeScript, one file for each file of assembly/. It is
 * the specification, the oracle of the tests, the baseline of the benchmarks, and what runs where WebAssembly is barred. It
 * computes in double precision and stores float32, so its bits differ from the wasm ones within rounding.
 */

import type { Backend } from '../backend.ts';
import type { Memory, Views } from '../memory.ts';
import { allOperations, operationNames } from '../extraPlan.ts';
import { floatFromBits, operationWords, type KernelName } from '../plan.ts';
import { runEpochs } from './epochs.ts';
import * as activation from './activation.ts';
import * as columns from './columns.ts';
import * as constraint from './constraint.ts';
import * as defined from '../defined.ts';
import * as dropout from './dropout.ts';
import * as gemm from './gemm.ts';
import * as loss from './loss.ts';
import * as memory from './memory.ts';
import * as noise from './noise.ts';
import * as normalization from './normalization.ts';
import * as optimizer from './optimizer.ts';
import * as penalty from './penalty.ts';
import * as ranges from './ranges.ts';
import * as residual from './residual.ts';
import * as updates from './updates.ts';

type Kernel = (memory: Views, ...args: number[]) => void;

export { know } from '../defined.ts';
export { extraOperations } from '../extraPlan.ts';

/** One kernel for each operation that is one, with the arguments of its page in order. */
export const kernels = {
  ...memory.kernels,
  ...gemm.kernels,
  ...activation.kernels,
  ...loss.kernels,
  ...optimizer.kernels,
  ...dropout.kernels,
  ...residual.kernels,
  ...noise.kernels,
  ...penalty.kernels,
  ...constraint.kernels,
  ...normalization.kernels,
  ...updates.kernels,
  ...ranges.kernels,
  ...columns.kernels,
  ...defined.kernels,
} satisfies Record<KernelName, Kernel>;

/** What to do at each op code: the kernel, and the kinds of its arguments. */
const table = operationNames.map((name): { kernel: Kernel | undefined; kinds: readonly string[] } => ({
  kernel: (kernels as Partial<Record<typeof name, Kernel>>)[name],
  kinds: Object.values<string>(allOperations[name]),
}));

export class ReferenceBackend implements Backend {
  readonly name = 'reference';
  readonly heapBase = 64;
  readonly memory: Memory;
  /**
   * The arguments of each operation, memory first: an array of numbers alone would hold addresses and sizes in floating
   * point, and engines would compile every kernel so (40 % slower).
   */
  readonly #args: [memory: Views, ...numbers: number[]][];

  constructor(memory: Memory) {
    this.memory = memory;
    this.#args = table.map(({ kinds }) => [memory, ...kinds.map(() => 0)]);
  }

  weightFloats(inputs: number, units: number): number {
    return inputs * units;
  }

  writeWeight(address: number, values: Float32Array): void {
    this.memory.f32.set(values, address >>> 2);
  }

  readWeight(address: number, inputs: number, units: number): Float32Array {
    return this.memory.f32.slice(address >>> 2, (address >>> 2) + inputs * units);
  }

  inputScratchFloats(): number {
    return 0;
  }

  parameterScratchFloats(): number {
    return 0;
  }

  countNonFinite(address: number, count: number): number {
    return memory.countNonFinite(this.memory, address, count);
  }

  extend(): boolean {
    return true;
  }

  runEpochs(registers: number): number {
    return runEpochs(this, registers);
  }

  run(plan: number, rows: number): number {
    const { i32 } = this.memory;
    for (let at = plan >>> 2; ; at += operationWords) {
      const code = i32[at]!;
      const { kernel, kinds } = table[code]!;
      if (kernel === undefined) return 0;
      const args = this.#args[code]!;
      let word = at + 1;
      for (let i = 0; i < kinds.length; i++) {
        if (kinds[i] === 'rows') args[i + 1] = rows;
        else args[i + 1] = kinds[i] === 'scalar' ? floatFromBits(i32[word++]!) : i32[word++]! >>> 0;
      }
      kernel(...args);
    }
  }
}
