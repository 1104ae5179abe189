// host/pcap/capture.ts: a capture file, whichever of the two formats it has.
import { ByteReader, captureError } from './byteReader.js';
import { isClassic, readClassic } from './classic.js';
import { isNg, readNg } from './ng.js';

/** A frame of a capture. `bytes` is valid until the next one is asked for. */
export interface CapturedFrame {
  /** Since 1970, ns; 0 when the capture does not say. */
  timeNs: bigint;
  /** Bytes it had on the wire; more than `bytes.length` when the capture kept only its beginning. */
  originalBytes: number;
  bytes: Buffer;
}

/** An open capture. */
interface Capture {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes read so far. */
  readonly offset: number;
  /** Its frames, once. Rejects with ERR_CAPTURE naming file, offset, value and rule when the file is damaged. */
  frames(): AsyncGenerator<CapturedFrame>;
  close(): Promise<void>;
}

/** Opens a classic pcap or a pcapng. Rejects with ERR_OPTION, or ERR_CAPTURE when it is neither. */
export async function openCapture(path: string): Promise<Capture> {
  const reader = await ByteReader.open(path);
  try {
    const magic = (await reader.peek(4, 'magic number')).readUInt32BE(0);
    if (!isClassic(magic) && !isNg(magic)) {
      const value = `0x${magic.toString(16).padStart(8, '0')}`;
      throw captureError(reader, 'magic number', value, 'expected that of a pcap or pcapng file');
    }
    return {
      size: reader.size,
      get offset() {
        return reader.offset;
      },
      frames: () => (isNg(magic) ? readNg(reader) : readClassic(reader)),
      close: () => reader.close(),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}
