/**
 * An AssemblyScript entry of its own that maps each function of assembly/math.ts over a range. Only the test compiles
 * it; the shipped binary does not grow.
 */
import * as math from "../../assembly/math";

export function exp(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.exp(v128.load(x + at)));
}

export function expm1(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.expm1(v128.load(x + at)));
}

export function log(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.log(v128.load(x + at)));
}

export function sigmoid(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.sigmoid(v128.load(x + at)));
}

export function tanh(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.tanh(v128.load(x + at)));
}

export function softplus(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.softplus(v128.load(x + at)));
}

export function gaussian(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) v128.store(out + at, math.gaussian(v128.load(x + at)));
}

export function scaledNormalTail(out: usize, x: usize, count: i32): void {
  for (let at: usize = 0, end = <usize>count << 2; at < end; at += 16) {
    v128.store(out + at, math.scaledNormalTail(v128.load(x + at)));
  }
}
