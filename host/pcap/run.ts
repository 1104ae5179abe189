// host/pcap/run.ts: the frames of a capture through a hot path, in batches, as fast as the disk takes what comes out.
import { optionError } from '../errors.js';
import { type Batch, createHotPath, type HotPath, type HotPathOptions } from '../hotpath.js';
import type { Change } from '../membership/event.js';
import { verdictName } from '../stats.js';
import { type CapturedFrame, openCapture } from './capture.js';
import { Output, writeCaptured, writeCaptureHeader } from './output.js';

/** What to run, and where the outcome goes. */
interface CaptureOptions extends Omit<HotPathOptions, 'nowMs' | 'batchMax'> {
  /** The capture. */
  path: string;
  /** Membership, from the first frame to the last. */
  changes: Change[];
  /** File for a capture of what leaves. */
  out?: string;
  /** File for a line of JSON a frame. */
  verdicts?: string;
  /** Ends it after the batch in hand; what was done until then is written. */
  signal?: AbortSignal;
  onProgress?(progress: { share: number; text: string }): void;
}

/** What became of a capture. */
export interface Summary {
  frames: number;
  /** Bytes of the frames as they were on the wire. */
  octets: number;
  /** Frames that left. */
  outputs: number;
  /** Frames by verdict; those that came at all, most frequent first. */
  verdicts: Record<string, number>;
  /** By `VIP/backend`, most frames first. */
  backends: Record<string, { frames: number; octets: number }>;
}

const BATCH = 256;
const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;
const TICK_NS = 512n * NS_PER_MS; // a batch has one time: no frame of it is later than this
const TEND_NS = NS_PER_S;

/** Runs a capture. Rejects with ERR_OPTION, ERR_RECORD, ERR_LIMIT, ERR_CAPTURE or ERR_SYSCALL; files are closed. */
export async function runCapture(options: CaptureOptions): Promise<Summary> {
  for (const [name, file] of [['--out', options.out] as const, ['--verdicts', options.verdicts] as const]) {
    if (file === options.path) throw optionError(name, file, 'must not be the capture itself');
  }
  const capture = await openCapture(options.path);
  const open: Output[] = [];
  try {
    const out = options.out === undefined ? undefined : await Output.open(options.out);
    if (out !== undefined) open.push(out);
    const verdicts = options.verdicts === undefined ? undefined : await Output.open(options.verdicts);
    if (verdicts !== undefined) open.push(verdicts);
    const run = new CaptureRun(options, out, verdicts);
    for await (const frame of capture.frames()) {
      await run.add(frame);
      if (options.signal?.aborted) break;
      if (run.frames % BATCH === 0)
        options.onProgress?.({ share: capture.offset / (capture.size || 1), text: `${run.frames} frames` });
    }
    return await run.finish();
  } finally {
    await capture.close();
    await Promise.all(open.map((output) => output.close()));
  }
}

class CaptureRun {
  frames = 0;
  private octets = 0;
  private outputs = 0;
  private readonly counts = new Map<string, number>();
  private readonly traffic = new Map<string, { frames: number; octets: number }>();
  private hotPath: HotPath | undefined;
  private batch: Batch | undefined;
  private held: { timeNs: bigint; octets: number }[] = [];
  private nowNs = 0n;
  private tendedNs = 0n;

  constructor(
    private readonly options: CaptureOptions,
    private readonly out: Output | undefined,
    private readonly verdicts: Output | undefined,
  ) {
    if (out !== undefined) writeCaptureHeader(out);
  }

  /** Puts a frame into the batch in hand, which is run when it is full, or the frame is from a later time. */
  async add({ timeNs, originalBytes, bytes }: CapturedFrame): Promise<void> {
    const batch = this.batch ?? (await this.start(timeNs));
    if (this.held.length === BATCH || timeNs >= this.nowNs + TICK_NS) await this.run(timeNs);
    const at = this.held.length;
    const input = batch.input(at);
    input.set(bytes.subarray(0, input.length));
    // What the capture kept only the beginning of is what a ring keeps only the beginning of: DROP_SNAPPED.
    batch.setLength(at, originalBytes > bytes.length ? input.length + 1 : bytes.length);
    this.held.push({ timeNs, octets: originalBytes });
    this.frames++;
    this.octets += originalBytes;
  }

  async finish(): Promise<Summary> {
    await this.run(this.nowNs);
    const byCount = [...this.counts].sort(([, a], [, b]) => b - a);
    const byFrames = [...this.traffic].sort(([, a], [, b]) => b.frames - a.frames);
    const { frames, octets, outputs } = this;
    return {
      frames,
      octets,
      outputs,
      verdicts: Object.fromEntries(byCount),
      backends: Object.fromEntries(byFrames),
    };
  }

  /** Membership is applied at the time of the first frame: nothing is learnt before. */
  private async start(timeNs: bigint): Promise<Batch> {
    const { options } = this;
    this.nowNs = timeNs;
    this.tendedNs = timeNs;
    this.hotPath = await createHotPath({
      ...options,
      batchMax: BATCH,
      nowMs: () => Number(this.nowNs / NS_PER_MS),
    });
    await this.hotPath.apply(options.changes);
    this.batch = this.hotPath.batch(BATCH);
    return this.batch;
  }

  /** Runs what is held; afterwards it is `nextNs`. Time never goes back, whatever the capture says. */
  private async run(nextNs: bigint): Promise<void> {
    const { batch, hotPath, held } = this;
    if (batch !== undefined && hotPath !== undefined && held.length > 0) {
      batch.run(held.length);
      for (const [i, { timeNs, octets }] of held.entries()) this.note(batch, i, timeNs, octets);
      this.held = [];
      for (const output of [this.out, this.verdicts]) if (output?.isFull) await output.flush();
    }
    if (nextNs > this.nowNs) this.nowNs = nextNs;
    if (hotPath === undefined || this.nowNs < this.tendedNs + TEND_NS) return;
    this.tendedNs = this.nowNs;
    await hotPath.tend();
  }

  private note(batch: Batch, i: number, timeNs: bigint, octets: number): void {
    const verdict = verdictName(batch.verdict(i));
    const [vip, backend] = [batch.vip(i), batch.backend(i)];
    this.counts.set(verdict, (this.counts.get(verdict) ?? 0) + 1);
    if (vip !== undefined && backend !== undefined) this.count(`${vip}/${backend}`, octets);
    const lengths: number[] = [];
    for (let k = 0; k < batch.outputs(i); k++) {
      const [base, length] = [batch.outputBase(i, k), batch.outputLength(i, k)];
      lengths.push(length);
      if (this.out !== undefined) writeCaptured(this.out, timeNs, batch.bytes.subarray(base, base + length));
    }
    this.outputs += lengths.length;
    if (this.verdicts === undefined) return;
    const frame = this.frames - this.held.length + i + 1;
    this.verdicts.text(
      `${JSON.stringify({ frame, time: timeText(timeNs), verdict, vip, backend, outputs: lengths })}\n`,
    );
  }

  private count(name: string, octets: number): void {
    const traffic = this.traffic.get(name) ?? { frames: 0, octets: 0 };
    traffic.frames++;
    traffic.octets += octets;
    this.traffic.set(name, traffic);
  }
}

/** Seconds since 1970 with nine decimals. */
function timeText(timeNs: bigint): string {
  return `${timeNs / NS_PER_S}.${`${timeNs % NS_PER_S}`.padStart(9, '0')}`;
}
