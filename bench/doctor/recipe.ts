/** Networks for the doctor's trial: what one is made of, how it is trained under watch, and what came of it. */

import {
  activation, batchNormalization, dense, diagnose, doctor, dropout, layerNormalization, l2, residual, sequential, TrainingError,
  type ActivationSpec, type DerivativeSpec, type Diagnosis, type Callback, type FitOptions, type InitializerSpec, type LossSpec, type Optimizer, type Sequential,
} from '../../src/index.ts';
import type { Data } from './data.ts';

type Layer = ReturnType<typeof dense>;

export interface Recipe {
  readonly data: Data;
  readonly seed: number;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly activation: ActivationSpec;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly batchSize?: number;
  readonly initializer?: InitializerSpec;
  readonly bias?: number;
  /** Of the hidden layers at these places, or of all. */
  readonly derivative?: DerivativeSpec;
  readonly between?: 'batchNormalization' | 'layerNormalization' | 'dropout' | 'residual';
  readonly decay?: number;
  /** Instead of those that suit the data. */
  readonly output?: ActivationSpec;
  readonly outputUnits?: number;
  readonly outputInitializer?: InitializerSpec;
  readonly loss?: LossSpec;
  readonly targets?: 'oneHot';
  readonly fit?: Partial<FitOptions>;
}

/** What a recipe came to. */
export interface Outcome {
  readonly diagnosis: Diagnosis | undefined;
  /** Losses by epoch, as far as they were recorded. */
  readonly history: Record<string, number[]>;
  /** Before, amid and after training, if that was asked for. */
  readonly states: readonly Diagnosis[];
  /** How training ended, where it did by a loss that was not finite. */
  readonly error: string | undefined;
  /** Accuracy on the rows held out, or the share of the variance that is explained there. */
  readonly quality: number;
  readonly model: Sequential;
}

function layersOf(recipe: Recipe): Layer[] {
  const { data, hidden, initializer, between, decay } = recipe;
  const layers = hidden.flatMap((units, i): Layer[] => {
    const common = {
      units, ...(initializer && { kernelInitializer: initializer }), ...(recipe.bias !== undefined && { biasInitializer: { name: 'constant' as const, value: recipe.bias } }),
      ...(decay !== undefined && { kernelRegularizer: l2(decay) }), ...(i === 0 && { inputShape: [data.x[0]!.length] }),
    };
    const active = { activation: recipe.activation, ...(recipe.derivative && { derivative: recipe.derivative }) };
    if (between === 'batchNormalization' || between === 'layerNormalization') {
      return [dense(common), between === 'batchNormalization' ? batchNormalization({ momentum: 0.9 }) : layerNormalization(), activation(active)];
    }
    const layer = dense({ ...common, ...active });
    if (between === 'residual' && i > 0) return [residual([layer, dense({ units, kernelInitializer: initializer ?? 'glorotUniform' })])];
    return between === 'dropout' ? [layer, dropout({ rate: 0.2 })] : [layer];
  });
  const units = recipe.outputUnits ?? (data.classes > 2 ? data.classes : 1);
  const output = recipe.output ?? (data.classes > 2 ? 'softmax' : data.classes === 2 ? 'sigmoid' : 'linear');
  const input = hidden.length === 0 ? { inputShape: [data.x[0]!.length] } : {};
  return [...layers, dense({ units, activation: output, ...input, ...(recipe.outputInitializer && { kernelInitializer: recipe.outputInitializer }) })];
}

export function modelOf(recipe: Recipe): Sequential {
  const { classes } = recipe.data;
  const model = sequential({ layers: layersOf(recipe), seed: recipe.seed });
  const loss = recipe.loss ?? (classes > 2 ? 'sparseCategoricalCrossentropy' : classes === 2 ? 'binaryCrossentropy' : 'meanSquaredError');
  model.compile({ optimizer: recipe.optimizer, loss });
  return model;
}

/** Rows to train on and the fifth behind them, to validate on. */
export function rowsOf({ data, targets, outputUnits }: Recipe): { x: number[][]; y: number[] | number[][] } {
  const x = data.x.map((row) => [...row]);
  const units = outputUnits ?? data.classes;
  return { x, y: targets === 'oneHot' ? data.y.map((label) => Array.from({ length: units }, (_, i) => Number(i === label))) : [...data.y] };
}

/** Trains as the recipe says, with a doctor beside it. */
export async function run(recipe: Recipe, states = false): Promise<Outcome> {
  const model = modelOf(recipe);
  const { x, y } = rowsOf(recipe);
  const watch = doctor();
  const history: Record<string, number[]> = {};
  const seen: Diagnosis[] = [];
  const look = (): unknown => states && seen.push(diagnose(model, x, y));
  const record: Callback = {
    onTrainBegin: () => void look(),
    onEpochEnd(epoch, logs) {
      for (const [name, value] of Object.entries(logs)) (history[name] ??= []).push(value);
      if (epoch === recipe.epochs >> 1 || epoch === recipe.epochs - 1) look();
    },
  };
  let error: string | undefined;
  try {
    await model.fit(x, y, { epochs: recipe.epochs, batchSize: recipe.batchSize ?? 32, validationSplit: 0.2, callbacks: [watch, record], ...recipe.fit });
  } catch (thrown) {
    if (!(thrown instanceof TrainingError)) throw thrown;
    error = thrown.message;
  }
  return { diagnosis: watch.diagnosis, history, states: seen, error, quality: qualityOf(model, recipe, x), model };
}

function qualityOf(model: Sequential, { data }: Recipe, x: readonly number[][]): number {
  const from = Math.floor(0.8 * x.length);
  const held = x.slice(from);
  const out = model.predict(held);
  const units = out.length / held.length;
  const y = data.y.slice(from);
  if (data.classes === 0) {
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    const square = (of: (row: number) => number): number => y.reduce((sum, value, row) => sum + (value - of(row)) ** 2, 0);
    return 1 - square((row) => out[row * units]!) / square(() => mean);
  }
  const right = y.filter((label, row) => {
    const values = out.subarray(row * units, (row + 1) * units);
    return label === (units === 1 ? Number(values[0]! > 0.5) : values.indexOf(Math.max(...values)));
  });
  return right.length / y.length;
}
