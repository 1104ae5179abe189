// host/cli/textTable.ts: columns that line up, for terminals.

/** How a column stands. */
interface Column {
  head: string;
  /** Numbers stand right. Default left. */
  align?: 'left' | 'right';
}

const GAP = '  ';

/** A line of headings, then one a row; each column as wide as its widest cell. Nothing trails behind the last. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], indent = ''): string[] {
  const widths = columns.map(({ head }, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = columns.map(({ align }, i) => {
      const cell = cells[i] ?? '';
      return align === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
    });
    return `${indent}${padded.join(GAP)}`.trimEnd();
  };
  return [line(columns.map(({ head }) => head)), ...rows.map(line)];
}

/** A whole number with its thousands apart: 12,345,678. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 0.3333 as 33.3 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A size with three digits and its unit: 1.43 GB. Powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return unit === 0 ? `${value} B` : `${value.toPrecision(3)} ${units[unit]}`;
}

/** A time in its two largest units: 3 h 12 min, 4.2 s. */
export function durationText(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
