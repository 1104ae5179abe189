// test/support/spoil.ts: makes whole frames less than perfect, one thing at a time.

/** What became of a frame: how much of it is left, and what its meta says. */
interface Spoiled {
  bytes: number;
  packetType?: number;
  vlanTci?: number;
}

/** Changes one thing about a frame of `bytes` bytes that makes it less than perfect. `random` gives u32. */
export function spoil(frame: Uint8Array, random: () => number): Spoiled {
  const bytes = frame.length;
  const [at, value] = [random() % bytes, random() & 0xff];
  switch (random() % 8) {
    case 0:
      return { bytes: random() % (bytes + 1) }; // cut
    case 1:
      frame[at] = value; // anything
      return { bytes };
    case 2:
      frame[12 + (random() % 30)] = value; // something in the headers
      return { bytes };
    case 3:
      frame[frame[12] === 0x08 ? 22 : 21] = random() % 3; // TTL or hop limit
      return { bytes };
    case 4:
      frame.copyWithin(16, 12); // a tag in the frame
      frame.set([0x81, 0x00, value, at], 12);
      return { bytes };
    case 5:
      return { bytes, vlanTci: random() & 0xffff }; // a tag in the meta
    case 6:
      return { bytes, packetType: random() % 5 };
    default:
      frame.set([value, at], frame[12] === 0x08 ? 24 : 18); // the checksum: decrementing must carry; or a length
      return { bytes };
  }
}
