/**
 * `npm run bench [-- mode] [words]`: times the built package. Without a mode: the named shapes whose names hold all the
 * words, WebAssembly against pure TypeScript. README.md beside this file says what each mode prints.
 */

import { compareAll, compareOne } from './backends.ts';
import { csv } from './csv.ts';
import { denormals } from './denormals.ts';
import { doctorCost, secondFit } from './doctorCost.ts';
import { fit } from './fit.ts';
import { kernels } from './kernels.ts';
import { peer, peers } from './peers.ts';
import { records } from './records.ts';
import { start } from './start.ts';
import { other, threads } from './threads.ts';

type Mode = (words: readonly string[]) => void | Promise<void>;

const modes: Record<string, Mode> = {
  naive: (words) => compareAll('naive', words),
  relaxed: (words) => compareAll('relaxed', words),
  kernels,
  peers,
  start,
  denormals,
  doctor: doctorCost,
  fit,
  csv,
  table: records,
  threads,
  // Asked for by other modes, of a process of its own.
  peer,
  compare: compareOne,
  secondFit,
  other,
};

const words = process.argv.slice(2);
const mode = modes[words[0] ?? ''];
await (mode === undefined ? compareAll('backends', words) : mode(words.slice(1)));
