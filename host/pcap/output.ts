// host/pcap/output.ts: files written from front to back, in large pieces; who writes waits for the disk.
import { type FileHandle, open } from 'node:fs/promises';
import { MaglevError } from '../errors.js';
import { FRAME_BYTES_MAX } from './classic.js';
import { LINKTYPE_ETHERNET } from './linkType.js';

const BUFFER_BYTES = 2 ** 20;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const NS_PER_S = 1_000_000_000n;

/** A file being written. Append, flush() now and then, close(). */
export class Output {
  private buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private used = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
  ) {}

  /** Makes the file, or empties it. Rejects with ERR_OPTION when that cannot be. */
  static async open(path: string): Promise<Output> {
    try {
      return new Output(await open(path, 'w', 0o600), path);
    } catch (cause) {
      throw new MaglevError('ERR_OPTION', `output ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
    }
  }

  /** True when it is time to flush(). */
  get isFull(): boolean {
    return this.used >= BUFFER_BYTES / 2;
  }

  /** Room for `bytes` bytes, to be filled at once. */
  room(bytes: number): Buffer {
    if (this.used + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(2 * (this.used + bytes));
      this.buffer.copy(larger, 0, 0, this.used);
      this.buffer = larger;
    }
    this.used += bytes;
    return this.buffer.subarray(this.used - bytes, this.used);
  }

  text(line: string): void {
    this.room(Buffer.byteLength(line)).write(line);
  }

  /** Rejects with ERR_SYSCALL when the disk is full. */
  async flush(): Promise<void> {
    try {
      for (let at = 0; at < this.used; ) at += (await this.file.write(this.buffer, at, this.used - at)).bytesWritten;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new MaglevError('ERR_SYSCALL', `write(2) on ${this.path}: ${code}`, { errno: code ?? '', cause });
    }
    this.used = 0;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }
}

/** The header of a classic capture with nanoseconds (draft-ietf-opsawg-pcap, section 4). */
export function writeCaptureHeader(output: Output): void {
  const header = output.room(24).fill(0);
  header.writeUInt32LE(MAGIC_NANOSECONDS, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(FRAME_BYTES_MAX, 16);
  header.writeUInt32LE(LINKTYPE_ETHERNET, 20);
}

/** A frame, whole (section 5). */
export function writeCaptured(output: Output, timeNs: bigint, frame: Uint8Array): void {
  const record = output.room(16 + frame.length);
  record.writeUInt32LE(Number((timeNs / NS_PER_S) & 0xffff_ffffn), 0);
  record.writeUInt32LE(Number(timeNs % NS_PER_S), 4);
  record.writeUInt32LE(frame.length, 8);
  record.writeUInt32LE(frame.length, 12);
  record.set(frame, 16);
}
