// test/fuzz/segments.ts: segments of super-frames, held against what the model cuts (test/model/segment.ts).
import { onesSum } from '../model/checksum.js';
import { cut } from '../model/segment.js';
import type { Input } from './input.js';
import { brokenOuter } from './outer.js';
import { IPV4, type Reader } from './reader.js';
import type { Subject } from './subject.js';
import type { Target } from './targets.js';

const NEEDS_CHECKSUM = 1;
const TCP = 6;

/** True for a frame that says it is many. */
export function isSuperFrame(input: Input): boolean {
  return input.hasVirtio && input.virtio8(1) !== 0;
}

/** Judges the outputs of super-frames that went into a tunnel. */
export class SegmentCheck {
  private frame = -1;
  private expected: Uint8Array[] = [];

  constructor(private readonly subject: Subject) {}

  /** The rule that output `o` of frame `i` breaks, whose outermost IP header is at `start`. */
  broken(input: Input, reader: Reader, target: Target, i: number, o: number, start: number): string | undefined {
    const { subject } = this;
    const first = subject.firstOutput(i);
    if (o === first || this.frame !== i) this.cut(input, reader, i);
    const { expected } = this;
    if (expected.length !== subject.outputs(i)) return `one of ${subject.outputs(i)} segments, not ${expected.length}`;
    const segment = expected[o - first] as Uint8Array;
    const inner = subject.base(o) + subject.length(o) - segment.length;
    if (inner < start) return 'is shorter than its segment';
    const { view } = subject.engine.memory;
    const { total } = reader;
    reader.total = segment.length; // of the packet that the outer header is read with
    const outer = brokenOuter(view, start, inner, reader, target);
    reader.total = total;
    return outer ?? this.brokenPacket(input, reader, segment, inner);
  }

  private cut(input: Input, reader: Reader, i: number): void {
    const { packet, total, transport } = reader;
    const isTcp = reader.protocol === TCP;
    const isHalf = (input.virtio8(0) & NEEDS_CHECKSUM) !== 0;
    const hasChecksum = isTcp || isHalf || input.view.getUint16(transport + 6) !== 0;
    const joined = { ipBytes: transport - packet, isTcp, hasChecksum };
    this.expected = cut(input.bytes.subarray(packet, packet + total), input.virtio16(4), joined);
    this.frame = i;
  }

  /** All bytes are the model's, but for an IPv4 header checksum, which is only as right as it was. */
  private brokenPacket(input: Input, reader: Reader, segment: Uint8Array, inner: number): string | undefined {
    const { memory } = this.subject;
    const isV4 = reader.kind === IPV4;
    for (let k = 0; k < segment.length; k++) {
      if (memory[inner + k] !== segment[k] && !(isV4 && (k === 10 || k === 11)))
        return `byte ${k} is not the segment's`;
    }
    if (!isV4) return undefined;
    const bytes = ((segment[0] as number) & 15) * 4;
    const [was, is] = [
      input.bytes.subarray(reader.packet, reader.packet + bytes),
      memory.subarray(inner, inner + bytes),
    ];
    return (onesSum(was) - onesSum(is)) % 0xffff === 0
      ? undefined
      : 'the header checksum does not go with what changed';
  }
}
