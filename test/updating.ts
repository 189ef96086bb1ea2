/** The optimizers that have updates, by name: all but L-BFGS. */
import { adadelta, adagrad, adam, adamax, adamw, lion, momentum, nadam, rmsprop, sgd, type Optimizer, type OptimizerName } from '../src/index.ts';

export type Updating = Exclude<OptimizerName, 'lbfgs'>;
export const optimizers = { sgd, momentum, rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam, lion } satisfies Record<Updating, unknown> as
  Record<Updating, (options?: object) => Optimizer>;
export const updating = Object.keys(optimizers) as Updating[];
