/**
 * The export list of the binary. One kernel for each operation of `src/backend/plan.ts`, and `run`, which walks a plan.
 *
 * Calling rules: arguments are results, caches, inputs, sizes, scalars. Kernels are pure functions of numbers: addresses
 * in bytes, each a multiple of 16 that owns its bytes up to the next multiple of 16 and has 16 more behind it that may be
 * read; they allocate nothing, keep nothing, never throw, and give NaN for NaN. Input gradients are overwritten, parameter gradients and sums accumulate.
 */
export { run, resume, runEpochs, serve, heapBase } from "./plan";
export { zero, copyRange, increment, mark, gather, flush, countNonFinite } from "./memory";
export { denseForward, denseBackwardInput, denseBackwardParameters, denseDescend } from "./gemm";
export {
  activationForward, activationBackward, softmaxForward, softmaxBackward, logSoftmaxForward, logSoftmaxBackward,
} from "./activation";
export { loss, softmaxCrossentropy, sigmoidCrossentropy, accuracy } from "./loss";
export { sgd, adam } from "./optimizer";
export { dropoutForward, dropoutBackward } from "./dropout";
