/** Numbers as people read them. */

/** With separators and a true minus: rounded to whole ones, small ones to three digits. */
export function count(value: number): string {
  const text = Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toLocaleString('en', { maximumSignificantDigits: 3 });
  return text.replace('-', '−');
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Seconds of training. */
export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
