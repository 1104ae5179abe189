// host/pcap/byteReader.ts: reads a file from front to back through one buffer, however large the file is.
import { type FileHandle, open } from 'node:fs/promises';
import { MaglevError } from '../errors.js';

const BUFFER_BYTES = 2 ** 20;

/** A file being read. Close it. */
export class ByteReader {
  private buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private start = 0;
  private end = 0;
  private isAtEnd = false;
  private taken = 0;

  private constructor(
    private readonly file: FileHandle,
    readonly path: string,
    /** Bytes of the file when it was opened; 0 for a pipe. */
    readonly size: number,
  ) {}

  /** Rejects with ERR_OPTION when the file cannot be read. */
  static async open(path: string): Promise<ByteReader> {
    try {
      const file = await open(path, 'r');
      return new ByteReader(file, path, (await file.stat()).size);
    } catch (cause) {
      throw new MaglevError('ERR_OPTION', `capture ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
    }
  }

  /** Bytes taken so far: where in the file the next one is. */
  get offset(): number {
    return this.taken;
  }

  private has(count: number): boolean {
    return this.end - this.start >= count;
  }

  /** True when nothing is left. */
  async isOver(): Promise<boolean> {
    if (!this.has(1)) await this.fill(1);
    return !this.has(1);
  }

  /**
   * The next `count` bytes, valid until the next call. Rejects with ERR_CAPTURE when the file ends before; `what` is
   * what they belong to.
   */
  async take(count: number, what: string): Promise<Buffer> {
    if (!this.has(count)) await this.fill(count);
    if (!this.has(count))
      throw captureError(this, what, `${this.end - this.start} bytes`, `expected ${count} more bytes`);
    return this.takeNow(count);
  }

  /** The same, without taking them. */
  async peek(count: number, what: string): Promise<Buffer> {
    const bytes = await this.take(count, what);
    this.start -= count;
    this.taken -= count;
    return bytes;
  }

  private takeNow(count: number): Buffer {
    const bytes = this.buffer.subarray(this.start, this.start + count);
    this.start += count;
    this.taken += count;
    return bytes;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Reads until `count` bytes are there, or the file is over. */
  private async fill(count: number): Promise<void> {
    const rest = this.buffer.subarray(this.start, this.end);
    const room = Math.max(BUFFER_BYTES, count);
    const next = room > this.buffer.length ? Buffer.allocUnsafe(room) : this.buffer;
    rest.copy(next);
    this.buffer = next;
    this.end = rest.length;
    this.start = 0;
    while (this.end < count && !this.isAtEnd) {
      const { bytesRead } = await this.file.read(this.buffer, this.end, this.buffer.length - this.end);
      this.end += bytesRead;
      this.isAtEnd = bytesRead === 0;
    }
  }
}

/** The error for a damaged capture: which file, where, what stands there, what should. */
export function captureError(reader: ByteReader, what: string, value: string, rule: string): MaglevError {
  return new MaglevError('ERR_CAPTURE', `${reader.path} offset ${reader.offset}: ${what} ${value}, ${rule}`, { rule });
}
