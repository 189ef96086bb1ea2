/** How commands write numbers and words. */

/** The shortest decimal that is read back as the same float32. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  for (const digits of [7, 8]) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
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
