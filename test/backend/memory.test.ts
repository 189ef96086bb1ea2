/** Memory: growth keeps contents and old views are replaced, what cannot be had is refused and changes nothing. */
import { describe, expect, it } from 'vitest';
import { Arena, BufferMemory, DoubleMemory, plainBuffer, wasmBuffer } from '../../src/backend/memory.ts';
import { dense, sequential, BackendError } from '../../src/index.ts';
import { backends } from '../backends.ts';

describe.each([
  ['wasm', () => new BufferMemory(wasmBuffer(new WebAssembly.Memory({ initial: 1 })))],
  ['plain', () => new BufferMemory(plainBuffer(100))],
  ['double', () => new DoubleMemory()],
] as const)('%s memory', (_name, create) => {
  it('grows and keeps what it holds', () => {
    const memory = create();
    memory.ensure(64);
    memory.f32[3] = 1.5;
    memory.i32[8] = 7;
    memory.ensure(1_000_000);
    expect([memory.f32[3], memory.i32[8]]).toEqual([1.5, 7]);
    memory.f32[200_000] = 2;
    memory.ensure(10);
    expect(memory.f32[200_000]).toBe(2);
  });

  it('refuses what cannot be had and stays as it was', () => {
    const memory = create();
    memory.ensure(64);
    memory.f32[3] = 1.5;
    const before = memory.f32.length;
    expect(() => memory.ensure(2 ** 32 + 1)).toThrow(BackendError);
    expect([memory.f32.length, memory.f32[3]]).toEqual([before, 1.5]);
  });
});

describe('the arena', () => {
  it('hands out ranges that start at 64 bytes and do not meet', () => {
    const arena = new Arena(100);
    const first = arena.floats(1);
    const second = arena.floats(17);
    const third = arena.floats(0);
    expect([first, second, third, arena.end]).toEqual([128, 192, 320, 320]);
  });
});

describe.each(backends)('many models on %s', (backend) => {
  it('come and go without dispose', () => {
    for (let i = 0; i < 300; i++) {
      const model = sequential({ layers: [dense({ units: 64, inputShape: [64] })], backend, seed: i });
      expect(model.predict(new Float32Array(64).fill(1)).length).toBe(64);
    }
  });
});
