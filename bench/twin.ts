// bench/twin.ts: a C twin at work: a child process with a copy of the scene's memory, which measures itself when asked
// (bench/native/driver.h) and sleeps in between.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { MaglevError } from '../host/errors.js';
import type { Scene } from './scene.js';

const SAMPLE_US = 5000; // as long as ours.ts has them

/** One twin. Close it, or its process stays until ours ends. */
export class Twin {
  private readonly lines: AsyncIterator<string>;
  private readonly closed: Promise<unknown>;
  private complaint = '';

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly program: string,
  ) {
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.closed = once(child, 'close');
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.complaint += text;
    });
    child.stdin.on('error', () => undefined); // EPIPE when it has ended: request() says why it did
  }

  /** Starts `program` on the memory in the file `image`. */
  static async start(program: string, image: string, scene: Scene): Promise<Twin> {
    const { heads, frames, stride, shape, tick } = scene;
    const numbers = [heads, frames, stride, shape.flows, shape.batch, tick];
    const child = spawn(program, [image, ...numbers.map(String)], { stdio: 'pipe' });
    const twin = new Twin(child, program);
    await once(child, 'spawn');
    return twin;
  }

  /** ns a frame, of each sample taken in about `ms`. */
  async sampleForward(ms: number): Promise<number[]> {
    return numbersOf(await this.request(`run ${ms} ${SAMPLE_US}`));
  }

  /** The same for putting frames into the cells alone. */
  async sampleRestore(ms: number): Promise<number[]> {
    return numbersOf(await this.request(`restore ${ms} ${SAMPLE_US}`));
  }

  /** ms a fill of a lookup table, of each one done in about `ms`. */
  async sampleFill(backends: number, slotCount: number, ms: number): Promise<number[]> {
    return numbersOf(await this.request(`fill ${backends} ${slotCount} ${ms}`));
  }

  /** Fills a lookup table once and writes it to the file `path`. */
  async writeTable(backends: number, slotCount: number, path: string): Promise<void> {
    await this.request(`table ${backends} ${slotCount} ${path}`);
  }

  /** Forwards `batches` batches from the first flow on and writes what came out to the file `path`. */
  async writeOutcome(batches: number, path: string): Promise<void> {
    await this.request(`check ${batches} ${path}`);
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.closed;
  }

  private async request(line: string): Promise<string> {
    this.child.stdin.write(`${line}\n`);
    const answer = await this.lines.next();
    if (!answer.done) return answer.value;
    await this.closed; // its last words may come after the end of its answers
    throw new MaglevError('ERR_INTERNAL', `${this.program} on "${line}": ended; ${this.complaint.trim()}`);
  }
}

function numbersOf(line: string): number[] {
  return line.trim().split(/\s+/).map(Number);
}
