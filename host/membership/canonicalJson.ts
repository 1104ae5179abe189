// host/membership/canonicalJson.ts: the one text of a JSON value: RFC 8785 (JSON Canonicalization Scheme), so that a signature over it is one
// over the value, however its producer writes JSON.

/**
 * `value`, as JSON.parse makes it, in canonical form: names sorted by their UTF-16 code units, no white space, numbers and strings as
 * ECMAScript writes them, which is what RFC 8785 took over. Throws TypeError for a string that is not Unicode (a lone surrogate). Goes down into
 * values as deep as they are: bound that first.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${text(name)}:${canonicalJson(member)}`).join(',')}}`;
}

function text(value: string): string {
  // Section 3.2.2.2: an error. JSON.stringify would write an escape instead.
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('expected Unicode, not half a surrogate pair');
  return JSON.stringify(value);
}
