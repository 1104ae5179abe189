// test/support/hex.ts: bytes as people read them: `hex` makes them from text, `dump` makes text that shows which line differs.

/** Bytes from hex digits; blanks and `// comments` are skipped, other bytes may be put in between with `${}`. */
export function hex(strings: TemplateStringsArray, ...parts: Uint8Array[]): Uint8Array {
  // A plain array: a Buffer would share memory where a test asks for a copy, and is unequal to one.
  return Uint8Array.from(Buffer.concat(strings.flatMap((text, i) => [bytesOf(text), parts[i] ?? new Uint8Array(0)])));
}

function bytesOf(text: string): Buffer {
  const digits = text.replace(/\/\/.*$/gm, '').replace(/\s+/g, '');
  const bytes = Buffer.from(digits, 'hex');
  if (bytes.length * 2 !== digits.length) throw new SyntaxError(`hex: odd or foreign digits in ${digits}`);
  return bytes;
}

/** Sixteen bytes a line, with their offset. */
export function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'));
    lines.push(`${at.toString(16).padStart(4, '0')}  ${row.join(' ')}`);
  }
  return lines.join('\n');
}

/** A copy of `bytes` with some of them replaced: `patch(SYN, 22, 0x01)` has TTL 1. */
export function patch(bytes: Uint8Array, at: number, ...replacements: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(replacements, at);
  return copy;
}
