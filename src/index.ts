/** The public names, one by one. */

export { activation, activations } from './model/activation.ts';
export type { ActivationName, ActivationOptions, ActivationPair, ActivationSpec, DerivativeSpec } from './model/activation.ts';
export { loadBackend } from './backend/index.ts';
export type { BackendChoice, BackendName } from './backend/index.ts';
export type { Callback, History, Logs } from './model/callbacks.ts';
export { checkpoint, resume } from './formats/checkpoint.ts';
export type { CheckpointOptions } from './formats/checkpoint.ts';
export { crossValidate } from './model/crossValidation.ts';
export type { CrossValidation, CrossValidationOptions } from './model/crossValidation.ts';
export { balancedClassWeights } from './data/classes.ts';
export { maxNorm, nonNegative, unitNorm } from './model/constraints.ts';
export type { Constraint } from './model/constraints.ts';
export type { Batches, Dataset, DatasetBatch, FitDatasetOptions } from './model/dataset.ts';
export { dense } from './model/dense.ts';
export type { DenseOptions } from './model/dense.ts';
export { dropout } from './model/dropout.ts';
export type { DropoutOptions } from './model/dropout.ts';
export { kFold } from './data/folds.ts';
export type { Fold, FoldOptions } from './data/folds.ts';
export { earlyStopping } from './model/earlyStopping.ts';
export type { EarlyStoppingOptions } from './model/earlyStopping.ts';
export { findLearningRate } from './diagnostics/findLearningRate.ts';
export type { FindLearningRateOptions, LearningRateRange } from './diagnostics/findLearningRate.ts';
export { gaussianNoise } from './model/gaussianNoise.ts';
export type { GaussianNoiseOptions } from './model/gaussianNoise.ts';
export { gradientCheck } from './diagnostics/gradientCheck.ts';
export type { GradientCheck, GradientCheckOptions, ParameterCheck } from './diagnostics/gradientCheck.ts';
export { fromBytes, loadModel } from './formats/loading.ts';
export type { LoadOptions } from './formats/loading.ts';
export type { InitializerName, InitializerSpec } from './model/initializers.ts';
export type { Layer, ParameterRule } from './model/layer.ts';
export { csvLogger, jsonLinesLogger } from './model/loggers.ts';
export type { CsvLoggerOptions, JsonLinesLoggerOptions, LineWriter } from './model/loggers.ts';
export type { LossName, LossSpec } from './model/losses.ts';
export type { MatrixLike, NumericArray } from './data/matrix.ts';
export type { MetricFunction, MetricName, MetricSpec } from './model/metrics.ts';
export { accuracyScore, classificationReport, confusionMatrix, confusionScores, f1Score, precision, recall, topKAccuracy } from './metrics/classification.ts';
export type { Average, AverageOptions, ConfusionScores } from './metrics/classification.ts';
export type { ThresholdOptions, UnitsOption } from './metrics/predictions.ts';
export { calibrationError, logLoss, rocAuc, rocCurve } from './metrics/probabilities.ts';
export type { RocCurve } from './metrics/probabilities.ts';
export { cosineSimilarity, mae, mse, r2Score, rmse } from './metrics/regression.ts';
export { batchNormalization, layerNormalization, normalization } from './model/normalization.ts';
export type { BatchNormalizationOptions, LayerNormalizationOptions, Normalization, NormalizationOptions } from './model/normalization.ts';
export { adam, adamw, lbfgs, momentum, sgd } from './model/optimizers.ts';
export type { AdamOptions, LbfgsOptions, Optimizer, OptimizerName, OptimizerSpec, SgdOptions } from './model/optimizers.ts';
export type { LayerDescription, ModelSnapshot, SequentialDescription } from './model/description.ts';
export type { LayerLike } from './model/layersFrom.ts';
export { loadFormats } from './model/savable.ts';
export type { ModelFormat, ModelHandler, Savable, SaveOptions } from './model/savable.ts';
export { learningRateScheduler, reduceLROnPlateau } from './model/rateCallbacks.ts';
export type { ReduceLROnPlateauOptions } from './model/rateCallbacks.ts';
export { l1, l1l2, l2 } from './model/regularizers.ts';
export type { L1L2Options, Regularizer } from './model/regularizers.ts';
export { residual } from './model/residual.ts';
export type { ResidualOptions } from './model/residual.ts';
export {
  constantSchedule, cosineDecay, cosineDecayRestarts, exponentialDecay, inverseScaling, inverseTimeDecay, oneCycle, piecewiseConstant, polynomialDecay, warmUp,
} from './model/schedules.ts';
export type {
  CosineDecayOptions, CosineDecayRestartsOptions, ExponentialDecayOptions, InverseScalingOptions, InverseTimeDecayOptions, LearningRate, LearningRateSchedule,
  OneCycleOptions, PiecewiseConstantOptions, PolynomialDecayOptions,
} from './model/schedules.ts';
export { parseSafetensors, serializeSafetensors } from './formats/safetensors.ts';
export type { Safetensors, SafetensorsTensor, TensorLike } from './formats/safetensors.ts';
export { sequential } from './model/sequential.ts';
export type { CompileOptions, FitOptions, Gradient, PredictOptions, Sequential, SequentialOptions } from './model/sequential.ts';
export { BackendError, DataError, FormatError, NablaError, OptionError, ShapeError, TrainingError } from './errors.ts';
export type { ClassWeight, SampleWeightOptions, ValidationData, WeightOptions } from './model/weights.ts';
