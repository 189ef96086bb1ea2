/** The functions of C that models need, each with the names of those it needs; the formulas are those of backend/reference/pairs.ts. */

type Functions = Readonly<Record<string, readonly [text: string, ...needs: string[]]>>;

export const cFunctions: Functions = {
  sigmoid: [`static float sigmoid(float z) {
  return 1.0f / (1.0f + expf(-z));
}
`],
  softplus: [`static float softplus(float z) {
  return fmaxf(z, 0.0f) + log1pf(expf(-fabsf(z)));
}
`],
  /* Not fmaxf and fminf: of a number and NaN they return the number. */
  clip: [`static float clip(float z, float low, float high) {
  return z < low ? low : z > high ? high : z;
}
`],
  relu: [`static float relu(float z) {
  return z < 0.0f ? 0.0f : z;
}
`],
  relu6: [`static float relu6(float z) {
  return clip(z, 0.0f, 6.0f);
}
`, 'clip'],
  leaky_relu: [`static float leaky_relu(float z, float alpha) {
  return z > 0.0f ? z : alpha * z;
}
`],
  elu: [`static float elu(float z, float alpha) {
  return z > 0.0f ? z : alpha * expm1f(z);
}
`],
  selu: [`static float selu(float z) {
  return 1.05070099f * elu(z, 1.67326324f);
}
`, 'elu'],
  gelu: [`static float gelu(float z) {
  return fmaxf(z, -1000.0f) * (0.5f * erfcf(-0.707106781f * z));
}
`],
  gelu_tanh: [`static float gelu_tanh(float z) {
  return fmaxf(z, -1000.0f) * sigmoid(1.59576912f * (z + 0.044715f * z * z * z));
}
`, 'sigmoid'],
  silu: [`static float silu(float z) {
  return fmaxf(z, -1000.0f) * sigmoid(z);
}
`, 'sigmoid'],
  mish: [`static float mish(float z) {
  return fmaxf(z, -1000.0f) * tanhf(softplus(z));
}
`, 'softplus'],
  softsign: [`static float softsign(float z) {
  return isinf(z) ? copysignf(1.0f, z) : z / (1.0f + fabsf(z));
}
`],
  hard_sigmoid: [`static float hard_sigmoid(float z, float slope, float offset) {
  return clip(slope * z + offset, 0.0f, 1.0f);
}
`, 'clip'],
  hard_swish: [`static float hard_swish(float z) {
  return fmaxf(z, -3.0f) * (clip(z + 3.0f, 0.0f, 6.0f) / 6.0f);
}
`, 'clip'],
  step: [`static float step(float z) {
  return isnan(z) ? z : z > 0.0f ? 1.0f : 0.0f;
}
`],
  dense: [`static void dense(const float *restrict from, float *restrict to, size_t inputs, size_t units, const float *kernel, const float *bias) {
  for (size_t j = 0; j < units; j++) to[j] = bias == NULL ? 0.0f : bias[j];
  for (size_t i = 0; i < inputs; i++) {
    const float x = from[i];
    for (size_t j = 0; j < units; j++) to[j] += x * kernel[i * units + j];
  }
}
`],
  row_maximum: [`static float row_maximum(const float *row, size_t units) {
  float maximum = row[0];
  for (size_t i = 1; i < units; i++) {
    if (row[i] > maximum) maximum = row[i];
  }
  return maximum;
}
`],
  softmax: [`static void softmax(const float *from, float *to, size_t units) {
  const float maximum = row_maximum(from, units);
  float sum = 0.0f;
  for (size_t i = 0; i < units; i++) {
    to[i] = expf(from[i] - maximum);
    sum += to[i];
  }
  for (size_t i = 0; i < units; i++) to[i] /= sum;
}
`, 'row_maximum'],
  log_softmax: [`static void log_softmax(const float *from, float *to, size_t units) {
  const float maximum = row_maximum(from, units);
  float sum = 0.0f;
  for (size_t i = 0; i < units; i++) sum += expf(from[i] - maximum);
  const float logarithm = logf(sum);
  for (size_t i = 0; i < units; i++) to[i] = from[i] - maximum - logarithm;
}
`, 'row_maximum'],
  normalize_row: [`static void normalize_row(const float *from, float *to, size_t units, const float *gamma, const float *beta, float epsilon) {
  float mean = 0.0f;
  float variance = 0.0f;
  for (size_t i = 0; i < units; i++) mean += from[i];
  mean /= (float)units;
  for (size_t i = 0; i < units; i++) variance += (from[i] - mean) * (from[i] - mean);
  variance /= (float)units;
  const float inverse = 1.0f / sqrtf(variance + epsilon);
  for (size_t i = 0; i < units; i++) {
    to[i] = (from[i] - mean) * inverse * (gamma == NULL ? 1.0f : gamma[i]) + (beta == NULL ? 0.0f : beta[i]);
  }
}
`],
  one_hot: [`/* Of n categories, n numbers, 1 at the code, and one more if \`more\` is 1, for anything but a code; other columns as they are. */
static void one_hot(const float *from, float *to, size_t inputs, const size_t *categories, size_t more) {
  for (size_t i = 0; i < inputs; i++) {
    const float x = from[i];
    const size_t count = categories[i];
    if (count == 0) {
      *to++ = x;
      continue;
    }
    const size_t place = x >= 0.0f && x < (float)count && floorf(x) == x ? (size_t)x : count;
    for (size_t j = 0; j < count + more; j++) *to++ = j == place ? 1.0f : 0.0f;
  }
}
`],
};
