// host/pcap/classic.ts: the classic capture format (draft-ietf-opsawg-pcap): a header of 24 bytes, then records.
//   |        Magic: which byte order, micro- or nanoseconds         |  0
//   |         Major version         |         Minor version         |  4
//   |                  Reserved (two words), SnapLen                |  8, 12, 16
//   | FCS |f|   0                   |           LinkType            |  20
// A record: seconds, fraction, captured length, length on the wire; then the captured bytes.
import { type ByteReader, captureError } from './byteReader.js';
import type { CapturedFrame } from './capture.js';
import { expectEthernet } from './linkType.js';

const HEADER_BYTES = 24;
const RECORD_BYTES = 16;
/** No capture program writes longer records (libpcap: MAXIMUM_SNAPLEN is 262144). */
export const FRAME_BYTES_MAX = 262_144;

const MAGICS = new Map([
  [0xa1b2c3d4, { isLittle: false, nsPerUnit: 1000n }],
  [0xd4c3b2a1, { isLittle: true, nsPerUnit: 1000n }],
  [0xa1b23c4d, { isLittle: false, nsPerUnit: 1n }],
  [0x4d3cb2a1, { isLittle: true, nsPerUnit: 1n }],
]);
const NS_PER_S = 1_000_000_000n;

/** True when a file that begins with this big-endian word is a classic capture. */
export function isClassic(magic: number): boolean {
  return MAGICS.has(magic);
}

/** The frames of a classic capture. `reader` stands at its beginning. */
export async function* readClassic(reader: ByteReader): AsyncGenerator<CapturedFrame> {
  const header = await reader.take(HEADER_BYTES, 'file header');
  const { isLittle, nsPerUnit } = MAGICS.get(header.readUInt32BE(0)) as { isLittle: boolean; nsPerUnit: bigint };
  const read = (bytes: Buffer, at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  expectEthernet(reader, read(header, 20) & 0xffff);
  while (!(await reader.isOver())) {
    const record = await reader.take(RECORD_BYTES, 'record header');
    const timeNs = BigInt(read(record, 0)) * NS_PER_S + BigInt(read(record, 4)) * nsPerUnit;
    const captured = read(record, 8);
    const originalBytes = read(record, 12);
    if (captured > FRAME_BYTES_MAX) {
      throw captureError(reader, 'captured length', `${captured}`, `expected at most ${FRAME_BYTES_MAX}`);
    }
    yield { timeNs, originalBytes, bytes: await reader.take(captured, 'frame') };
  }
}
