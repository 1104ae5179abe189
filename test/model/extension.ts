// test/model/extension.ts: the plain twin of assembly/wire/extension.ts: RFC 8200, section 4, read once more.

const HEADERS_MAX = 8;

interface Walked {
  outcome: 'walked' | 'short' | 'too many';
  protocol?: number;
  offset?: number;
  /** Where the fragment header is, 0 if there is none. */
  fragment?: number;
}

export function walkExtensions(packet: Uint8Array): Walked {
  const at = (i: number): number => packet[i] as number;
  let [type, offset, fragment] = [at(6), 40, 0];
  for (let count = 0; [0, 43, 44, 51, 60].includes(type); count++) {
    if (count >= HEADERS_MAX || (type === 44 && fragment > 0)) return { outcome: 'too many' };
    if (packet.length < offset + 8) return { outcome: 'short' };
    const units = at(offset + 1);
    const bytes = type === 44 ? 8 : type === 51 ? Math.max(8, 4 * (units + 2)) : 8 * (units + 1);
    if (packet.length < offset + bytes) return { outcome: 'short' };
    const isLater = type === 44 && ((at(offset + 2) << 8) | at(offset + 3)) >> 3 > 0;
    if (type === 44) fragment = offset;
    type = at(offset);
    offset += bytes;
    if (isLater) break;
  }
  return { outcome: 'walked', protocol: type, offset, fragment };
}
