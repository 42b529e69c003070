/** Numbers as people read them. Pure; the language's digit grouping is English on purpose: engineers compare with `ss`. */

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A whole number with grouping: `4,343`. */
export function count(value: number): string {
  return GROUPED.format(value);
}

/** A rate without its unit: two digits that matter below 10, whole numbers above. */
export function perSecond(value: number): string {
  if (value === 0) return '0';
  if (value < 10) return value.toFixed(value < 1 ? 2 : 1).replace(/\.?0+$/, '') || '0';
  return count(value);
}

/** Bits per second in the units of link speeds (decimal). */
export function bits(bytesPerSecond: number): string {
  const value = bytesPerSecond * 8;
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} Gbit/s`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} Mbit/s`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(0)} kbit/s`;
  return `${value.toFixed(0)} bit/s`;
}

/** Bytes in binary units: `12 KiB`. */
export function bytes(value: number): string {
  if (value >= 2 ** 30) return `${(value / 2 ** 30).toFixed(1)} GiB`;
  if (value >= 2 ** 20) return `${(value / 2 ** 20).toFixed(1)} MiB`;
  if (value >= 2 ** 10) return `${(value / 2 ** 10).toFixed(0)} KiB`;
  return `${value} B`;
}

/** A share as a percentage. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const value = (part / whole) * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** A link speed given in Mbit/s. */
export function speed(mbit: number): string {
  return mbit >= 1000 && mbit % 1000 === 0 ? `${mbit / 1000} Gbit/s` : `${mbit} Mbit/s`;
}

/** Text from a host for one line of the screen: no control characters, not longer than `limit`. */
export function oneLine(text: string, limit = 120): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, '�');
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}
