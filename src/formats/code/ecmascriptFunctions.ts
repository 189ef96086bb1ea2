/** The functions of ECMAScript that models need, each with the names of those it needs; the formulas are those of backend/reference/pairs.ts. */

/** How to write what differs with types. */
export interface Language {
  /** What follows the name of a variable or the head of a function. */
  readonly type: (type: string) => string;
  /** A value in an array. */
  readonly at: (array: string, index: string) => string;
  /** What is not there without types. */
  readonly only: (text: string) => string;
}

type Functions = Readonly<Record<string, readonly [text: string, ...needs: string[]]>>;

export function ecmascriptFunctions({ type, at }: Language): Functions {
  const scalar = (name: string, value: string, ...parameters: string[]): string =>
    `function ${name}(${['z', ...parameters].map((parameter) => parameter + type('number')).join(', ')})${type('number')} {\n  return ${value};\n}\n`;
  const floats = type('Float32Array');
  const optional = type('Float32Array | undefined');
  const number = type('number');
  const nothing = type('void');
  return {
    sigmoid: [scalar('sigmoid', '1 / (1 + Math.exp(-z))')],
    softplus: [scalar('softplus', 'Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)))')],
    relu: [scalar('relu', 'Math.max(z, 0)')],
    relu6: [scalar('relu6', 'Math.min(Math.max(z, 0), 6)')],
    leakyRelu: [scalar('leakyRelu', 'z > 0 ? z : alpha * z', 'alpha')],
    elu: [scalar('elu', 'z > 0 ? z : alpha * Math.expm1(z)', 'alpha')],
    selu: [scalar('selu', '1.0507009873554805 * elu(z, 1.6732632423543772)'), 'elu'],
    gelu: [scalar('gelu', 'Math.max(z, -1000) * erfc(-z * Math.SQRT1_2) / 2'), 'erfc'],
    geluTanh: [scalar('geluTanh', 'Math.max(z, -1000) * sigmoid(2 * Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z))'), 'sigmoid'],
    silu: [scalar('silu', 'Math.max(z, -1000) * sigmoid(z)'), 'sigmoid'],
    mish: [scalar('mish', 'Math.max(z, -1000) * Math.tanh(softplus(z))'), 'softplus'],
    softsign: [scalar('softsign', 'Math.abs(z) === Infinity ? Math.sign(z) : z / (1 + Math.abs(z))')],
    hardSigmoid: [scalar('hardSigmoid', 'Math.min(Math.max(slope * z + offset, 0), 1)', 'slope', 'offset')],
    hardSwish: [scalar('hardSwish', 'Math.max(z, -3) * Math.min(Math.max(z + 3, 0), 6) / 6')],
    step: [scalar('step', 'Number.isNaN(z) ? z : z > 0 ? 1 : 0')],
    erfc: [`/** The complementary error function within 1e-14 of itself, by the midpoint rule (Hunter and Regan 1972). */
function erfc(x${number})${number} {
  const a = Math.abs(x);
  if (a > 27) return x > 0 ? 0 : 2;
  let sum = 0;
  for (let k = 12; k >= 0; k--) {
    const square = ((k + 0.5) / 2) ** 2;
    sum += Math.exp(-square) / (square + a * a);
  }
  const upper = (a / Math.PI) * sum * Math.exp(-a * a) + (a < 6 ? 2 / (1 + Math.exp(4 * Math.PI * a)) : 0);
  return x < 0 ? 2 - upper : upper;
}
`],
    dense: [`function dense(from${floats}, to${floats}, inputs${number}, units${number}, kernel${floats}, bias${optional})${nothing} {
  const sums = bias === undefined ? new Float64Array(units) : Float64Array.from(bias);
  for (let i = 0; i < inputs; i++) {
    const x = ${at('from', 'i')};
    for (let j = 0; j < units; j++) sums[j] = ${at('sums', 'j')} + x * ${at('kernel', 'i * units + j')};
  }
  to.set(sums);
}
`],
    softmax: [`function softmax(from${floats}, to${floats}, units${number})${nothing} {
  const maximum = rowMaximum(from, units);
  const sum = rowSum(from, units, maximum);
  for (let i = 0; i < units; i++) to[i] = Math.exp(${at('from', 'i')} - maximum) / sum;
}
`, 'rowMaximum', 'rowSum'],
    logSoftmax: [`function logSoftmax(from${floats}, to${floats}, units${number})${nothing} {
  const maximum = rowMaximum(from, units);
  const logarithm = Math.log(rowSum(from, units, maximum));
  for (let i = 0; i < units; i++) to[i] = ${at('from', 'i')} - maximum - logarithm;
}
`, 'rowMaximum', 'rowSum'],
    rowMaximum: [`function rowMaximum(row${floats}, units${number})${number} {
  let maximum = -Infinity;
  for (let i = 0; i < units; i++) if (${at('row', 'i')} > maximum) maximum = ${at('row', 'i')};
  return maximum;
}
`],
    rowSum: [`function rowSum(row${floats}, units${number}, maximum${number})${number} {
  let sum = 0;
  for (let i = 0; i < units; i++) sum += Math.exp(${at('row', 'i')} - maximum);
  return sum;
}
`],
    normalizeRow: [`function normalizeRow(from${floats}, to${floats}, units${number}, gamma${optional}, beta${optional}, epsilon${number})${nothing} {
  let mean = 0;
  let variance = 0;
  for (let i = 0; i < units; i++) mean += ${at('from', 'i')} / units;
  for (let i = 0; i < units; i++) variance += (${at('from', 'i')} - mean) ** 2 / units;
  const inverse = 1 / Math.sqrt(variance + epsilon);
  for (let i = 0; i < units; i++) {
    const value = (${at('from', 'i')} - mean) * inverse;
    to[i] = value * (gamma === undefined ? 1 : ${at('gamma', 'i')}) + (beta === undefined ? 0 : ${at('beta', 'i')});
  }
}
`],
    oneHot: [`/** Of n categories, n numbers, 1 at the code, and one more if \`more\` is 1, for anything but a code; other columns as they are. */
function oneHot(from${floats}, to${floats}, categories${type('readonly number[]')}, more${number})${nothing} {
  let at = 0;
  categories.forEach((count, i) => {
    const x = ${at('from', 'i')};
    if (count === 0) {
      to[at++] = x;
      return;
    }
    const place = Number.isInteger(x) && x >= 0 && x < count ? x : count;
    for (let j = 0; j < count + more; j++) to[at++] = j === place ? 1 : 0;
  });
}
`],
    decode: [`/** Float32 values, little-endian, from base64. */
function decode(text${type('string')})${floats} {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const places = new Map([...alphabet].map((letter, place) => [letter, place]));
  const bytes${type('number[]')} = [];
  let bits = 0;
  let count = 0;
  for (const letter of text) {
    const place = places.get(letter);
    if (place === undefined) continue;
    bits = ((bits << 6) | place) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push((bits >> count) & 0xff);
  }
  const view = new DataView(Uint8Array.from(bytes).buffer);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(4 * i, true));
}
`],
  };
}
