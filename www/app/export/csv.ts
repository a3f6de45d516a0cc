/**
 * A table as CSV (RFC 4180), in UTF-8 with a byte order mark, without which spreadsheets take it
 * for something else.
 */
export function toCsv(rows: readonly (readonly (string | number | undefined)[])[]): string {
  return `\ufeff${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

/**
 * Spreadsheets run what begins like a formula, and a file's name is anybody's to choose: such text
 * gets an apostrophe in front (OWASP, CSV injection). Numbers are ours and stay numbers.
 */
function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const inert = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
