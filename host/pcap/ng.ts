// host/pcap/ng.ts: pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, length again. A section has its own byte order
// and its own interfaces; blocks that are not known are passed over.
import { type ByteReader, captureError } from './byteReader.js';
import type { CapturedFrame } from './capture.js';
import { FRAME_BYTES_MAX } from './classic.js';
import { expectEthernet } from './linkType.js';

const SECTION_HEADER = 0x0a0d0d0a; // reads the same in both byte orders
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;
const BLOCK_BYTES_MIN = 12;
const BLOCK_BYTES_MAX = 2 ** 24;
const NS_PER_S = 1_000_000_000n;

/** What a frame needs to know of the interface it was captured on. */
interface CaptureInterface {
  snapLen: number;
  unitsPerSecond: bigint;
  offsetSeconds: bigint;
}

/** True when a file that begins with this word is a pcapng. */
export function isNg(magic: number): boolean {
  return magic === SECTION_HEADER;
}

/** The frames of a pcapng. `reader` stands at its beginning. */
export async function* readNg(reader: ByteReader): AsyncGenerator<CapturedFrame> {
  const section = new Section(reader);
  while (!(await reader.isOver())) {
    const { type, body } = await section.nextBlock();
    if (type === INTERFACE_DESCRIPTION) section.addInterface(body);
    const frame = section.frameOf(type, body);
    if (frame !== undefined) yield frame;
  }
}

class Section {
  private isLittle = true;
  private interfaces: CaptureInterface[] = [];

  constructor(private readonly reader: ByteReader) {}

  /** Reads a block whole; a section header begins a new section. */
  async nextBlock(): Promise<{ type: number; body: Buffer }> {
    const { reader } = this;
    const head = Buffer.from(await reader.take(BLOCK_BYTES_MIN, 'block header'));
    if (head.readUInt32BE(0) === SECTION_HEADER) this.begin(head);
    const type = this.u32(head, 0);
    const bytes = this.u32(head, 4);
    if (bytes < BLOCK_BYTES_MIN || bytes % 4 !== 0 || bytes > BLOCK_BYTES_MAX) {
      const rule = `expected a multiple of 4 of ${BLOCK_BYTES_MIN}..${BLOCK_BYTES_MAX}`;
      throw captureError(reader, 'block length', `${bytes}`, rule);
    }
    // The first word of the body (or the length again, when there is none) came with the header.
    const rest = await reader.take(bytes - BLOCK_BYTES_MIN, 'block');
    const body = bytes === BLOCK_BYTES_MIN ? Buffer.alloc(0) : Buffer.concat([head.subarray(8), rest.subarray(0, -4)]);
    const again = bytes === BLOCK_BYTES_MIN ? this.u32(head, 8) : this.u32(rest, rest.length - 4);
    if (again !== bytes) throw captureError(reader, 'block length at its end', `${again}`, `expected ${bytes} again`);
    return { type, body };
  }

  addInterface(body: Buffer): void {
    this.expectBytes(body, 8, 'interface description');
    expectEthernet(this.reader, this.u16(body, 0));
    const made: CaptureInterface = { snapLen: this.u32(body, 4), unitsPerSecond: 1_000_000n, offsetSeconds: 0n };
    for (let at = 8; at + 4 <= body.length; ) {
      const [code, length] = [this.u16(body, at), this.u16(body, at + 2)];
      if (code === OPTION_END || at + 4 + length > body.length) break;
      if (code === OPTION_TSRESOL && length === 1) made.unitsPerSecond = this.resolution(body.readUInt8(at + 4));
      if (code === OPTION_TSOFFSET && length === 8) {
        made.offsetSeconds = this.isLittle ? body.readBigInt64LE(at + 4) : body.readBigInt64BE(at + 4);
      }
      at += 4 + Math.ceil(length / 4) * 4;
    }
    this.interfaces.push(made);
  }

  /** The frame of a packet block, undefined for another block. */
  frameOf(type: number, body: Buffer): CapturedFrame | undefined {
    if (type === SIMPLE_PACKET) return this.simple(body);
    if (type !== ENHANCED_PACKET && type !== OBSOLETE_PACKET) return undefined;
    this.expectBytes(body, 20, 'packet block');
    const from = this.interfaceOf(type === ENHANCED_PACKET ? this.u32(body, 0) : this.u16(body, 0));
    const units = (BigInt(this.u32(body, 4)) << 32n) | BigInt(this.u32(body, 8));
    const timeNs = from.offsetSeconds * NS_PER_S + (units * NS_PER_S) / from.unitsPerSecond;
    return { timeNs, originalBytes: this.u32(body, 16), bytes: this.data(body, 20, this.u32(body, 12)) };
  }

  /** A simple packet block has no time; the hot path's stands still meanwhile. */
  private simple(body: Buffer): CapturedFrame {
    this.expectBytes(body, 4, 'simple packet block');
    const originalBytes = this.u32(body, 0);
    const { snapLen } = this.interfaceOf(0);
    const captured = Math.min(originalBytes, snapLen === 0 ? originalBytes : snapLen);
    return { timeNs: 0n, originalBytes, bytes: this.data(body, 4, captured) };
  }

  private data(body: Buffer, at: number, bytes: number): Buffer {
    if (bytes <= body.length - at && bytes <= FRAME_BYTES_MAX) return body.subarray(at, at + bytes);
    const most = Math.min(body.length - at, FRAME_BYTES_MAX);
    throw captureError(this.reader, 'captured length', `${bytes}`, `expected at most ${most}`);
  }

  private interfaceOf(id: number): CaptureInterface {
    const found = this.interfaces[id];
    if (found !== undefined) return found;
    const rule = `expected one of the ${this.interfaces.length} described before`;
    throw captureError(this.reader, 'interface', `${id}`, rule);
  }

  private begin(head: Buffer): void {
    const magic = head.readUInt32BE(8);
    this.isLittle = magic !== BYTE_ORDER_MAGIC;
    this.interfaces = [];
    if (this.isLittle && head.readUInt32LE(8) !== BYTE_ORDER_MAGIC) {
      throw captureError(
        this.reader,
        'byte-order magic',
        `0x${magic.toString(16)}`,
        'expected 0x1a2b3c4d in either order',
      );
    }
  }

  /** Section 4.2, if_tsresol: units a second as a power of ten, or of two with the top bit. */
  private resolution(value: number): bigint {
    const exponent = BigInt(value & 0x7f);
    if (exponent > 64n) throw captureError(this.reader, 'if_tsresol', `${value}`, 'expected an exponent of at most 64');
    return value & 0x80 ? 2n ** exponent : 10n ** exponent;
  }

  private expectBytes(body: Buffer, bytes: number, what: string): void {
    if (body.length < bytes) {
      throw captureError(this.reader, what, `of ${body.length} bytes`, `expected at least ${bytes}`);
    }
  }

  private u16(bytes: Buffer, at: number): number {
    return this.isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  private u32(bytes: Buffer, at: number): number {
    return this.isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }
}
