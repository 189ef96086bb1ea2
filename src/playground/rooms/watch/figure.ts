/** Numbers as people read them. */

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Three digits, with a true minus, and powers of ten where there would be many zeros. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size === Infinity) return value < 0 ? '−∞' : '∞';
  if (size === 0 || (size >= 1e-3 && size < 1e5)) return String(Number(value.toPrecision(3))).replace('-', '−');
  const [digits, power] = value.toExponential(2).split('e') as [string, string];
  const above = power.replace('+', '').replace('-', '⁻').replace(/\d/g, (digit) => raised[Number(digit)]!);
  return `${digits.replace('-', '−')}·10${above}`;
}
