/** How commands write numbers and words. */

/** Digits that tell every float32 from its neighbours, and those that nearly always do. */
const [fewDigits, mostDigits] = [7, 9];

/** The shortest decimal, of seven digits and more, that is read back as the same float32. */
export function float32Text(value: number): string {
  const size = Math.abs(value);
  // Here powers of ten are exact, and rounding to a multiple of one takes a fifth of the time of `toPrecision`.
  if (size >= 1e-6 && size < 1e6) {
    let scale = 1;
    while (size * scale < 10 ** (fewDigits - 1)) scale *= 10;
    for (let digits = fewDigits; digits < mostDigits; digits++, scale *= 10) {
      const rounded = Math.round(value * scale) / scale;
      if (Math.fround(rounded) === value) return String(rounded);
    }
  }
  for (let digits = fewDigits; digits < mostDigits; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(mostDigits)));
}

const units = ['bytes', 'kB', 'MB', 'GB'] as const;

/** A number of bytes in the unit that suits it, a thousand each. */
export function bytesText(bytes: number): string {
  const unit = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return unit === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** unit).toFixed(1)} ${units[unit]!}`;
}

/** A name as a field of CSV (RFC 4180): in quotes where it needs them. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
