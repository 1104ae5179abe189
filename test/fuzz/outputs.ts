// test/fuzz/outputs.ts: what must be true of every frame that leaves: where it lies, whom it is for, lengths that agree,
// checksums that are right, and the client's packet inside it as it was.
import { META_HAS_VIRTIO } from '../../assembly/layout.js';
import * as verdicts from '../../assembly/verdict.js';
import { CLASS, FORWARD } from './claims.js';
import type { Input } from './input.js';
import { IPV4, type Reader } from './reader.js';
import type { Subject } from './subject.js';
import type { Target, Targets } from './targets.js';

const TYPE_IPV4 = 0x0800;
const TYPE_ARP = 0x0806;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100;
const ETHERNET = 14;
const TAGGED = 18;
const GSO_NONE = 0;
const NEEDS_CHECKSUM = 1;

/** Judges outputs; reads them in the memory of the hot path. */
export class OutputCheck {
  private readonly view: DataView;

  constructor(private readonly subject: Subject) {
    this.view = subject.engine.memory.view;
  }

  /** The rule that an output of frame `i` breaks, or undefined. */
  broken(input: Input, reader: Reader, targets: Targets, i: number): string | undefined {
    const first = this.subject.firstOutput(i);
    for (let o = first; o < first + this.subject.outputs(i); o++) {
      const rule = this.brokenOne(input, reader, targets, i, o);
      if (rule !== undefined) return `output ${o - first}: ${rule}`;
    }
    return undefined;
  }

  private brokenOne(input: Input, reader: Reader, targets: Targets, i: number, o: number): string | undefined {
    const { subject, view } = this;
    const base = subject.base(o);
    const length = subject.length(o);
    const cell = subject.cellAt(i);
    if (base < cell || base + length > cell + subject.cellBytes) return 'lies outside its cell';
    if (length < ETHERNET + 20) return `is ${length} bytes long`;
    const type = view.getUint16(base + 12);
    const head = type === TYPE_VLAN ? TAGGED : ETHERNET;
    if ((head === TAGGED) !== (reader.tags !== 0 && subject.egress(o) === input.ingress)) return 'a tag lost or found';
    const packetType = view.getUint16(base + head - 2);
    const total = this.packetLength(base + head, packetType);
    if (total + head !== length) return `is ${length} bytes long, its packet ${total}`;
    if (packetType === TYPE_IPV4 && this.headerSum(base + head) !== this.expectedSum(input, reader, i)) {
      return 'a wrong header checksum';
    }
    if (CLASS[subject.verdict(i)] !== FORWARD) return undefined;
    const target = targets.backend(subject.backend(i)) as Target;
    return this.brokenWay(base, target, o, total) ?? this.brokenPacket(input, reader, base + length, base + head, i, o);
  }

  /** Bytes of the packet at `at`, as it says itself. */
  private packetLength(at: number, type: number): number {
    if (type === TYPE_ARP) return 28;
    if (type === TYPE_IPV4) return this.view.getUint8(at) >> 4 === 4 ? this.view.getUint16(at + 2) : -1;
    if (type === TYPE_IPV6) return this.view.getUint8(at) >> 4 === 6 ? 40 + this.view.getUint16(at + 4) : -1;
    return -1;
  }

  private brokenWay(base: number, target: Target, o: number, total: number): string | undefined {
    const { subject, view } = this;
    if (subject.egress(o) !== target.egress) return `leaves by egress ${subject.egress(o)}`;
    if (target.macs === undefined) return 'leaves by a way that nobody knows';
    for (let k = 0; k < 12; k++) if (view.getUint8(base + k) !== target.macs[k]) return 'wrong MAC addresses';
    const isSuper = (subject.outputFlags(o) & META_HAS_VIRTIO) !== 0;
    return total > target.mtu && !isSuper ? `is ${total} bytes long, larger than the MTU` : undefined;
  }

  /** The client's packet is the end of the frame, with one TTL less; `start` is where the outermost IP header is. */
  private brokenPacket(
    input: Input,
    reader: Reader,
    end: number,
    start: number,
    i: number,
    o: number,
  ): string | undefined {
    const verdict = this.subject.verdict(i);
    const inner = end - reader.total;
    const outerBytes = inner - start;
    if (outerBytes < 0) return 'is shorter than the packet';
    if (verdict === verdicts.FORWARD_L2 ? outerBytes !== 0 : verdict === verdicts.FORWARD_IPIP && outerBytes < 20) {
      return `has ${outerBytes} bytes of outer headers`;
    }
    const from = reader.packet;
    const ttlAt = reader.kind === IPV4 ? 8 : 7;
    if (this.view.getUint8(inner + ttlAt) !== reader.ttl - 1) return 'TTL is not one less';
    if (this.headerSumDiffers(input, reader, inner)) return 'the checksum of the packet does not go with its TTL';
    return this.differs(input, reader, from, inner, ttlAt) ?? this.brokenOffload(input, reader, inner, o);
  }

  /** All but TTL, header checksum and a half checksum is as it was. */
  private differs(input: Input, reader: Reader, from: number, inner: number, ttlAt: number): string | undefined {
    const { memory } = this.subject;
    const skip = this.halfChecksumField(input) - from;
    for (let k = 0; k < reader.total; k++) {
      if (memory[inner + k] === input.bytes[from + k]) continue;
      const isTtl = k === ttlAt || (reader.kind === IPV4 && (k === 10 || k === 11));
      if (!isTtl && k !== skip && k !== skip + 1) return `byte ${k} of the packet was changed`;
    }
    return undefined;
  }

  /** Where in the frame the half checksum stands; far away when there is none. */
  private halfChecksumField(input: Input): number {
    if (!input.hasVirtio || !(input.virtio8(0) & NEEDS_CHECKSUM)) return -1_000_000;
    return input.virtio16(6) + input.virtio16(8);
  }

  /** A half checksum is completed, or the receiver is told of it. */
  private brokenOffload(input: Input, reader: Reader, inner: number, o: number): string | undefined {
    const { subject, view } = this;
    const isTold = (subject.outputFlags(o) & META_HAS_VIRTIO) !== 0;
    const field = this.halfChecksumField(input);
    if (input.hasVirtio && input.virtio8(1) !== GSO_NONE) {
      return isTold ? undefined : 'a super-frame without its virtio header';
    }
    if (isTold) return 'a virtio header that nobody needs';
    if (field < 0) return undefined;
    const start = inner + input.virtio16(6) - reader.packet;
    let sum = input.view.getUint16(field); // was in the sum that gave the checksum
    for (let k = start; k < inner + reader.total; k += 2) {
      sum += k + 1 < inner + reader.total ? view.getUint16(k) : view.getUint8(k) << 8;
    }
    // The field may stand at an odd place of the sum: then its bytes count the other way round, and this says nothing.
    if (input.virtio16(8) & 1) return undefined;
    return sum % 0xffff === 0 ? undefined : 'a checksum that was not completed';
  }

  /** Folded one's complement sum of the IPv4 header at `at`: 0xffff (here 0) when its checksum is right. */
  private headerSum(at: number): number {
    let sum = 0;
    const bytes = (this.view.getUint8(at) & 15) * 4;
    for (let k = 0; k < bytes; k += 2) sum += this.view.getUint16(at + k);
    return sum % 0xffff;
  }

  /** An outer header is right; the client's own is as right as it was. */
  private expectedSum(input: Input, reader: Reader, i: number): number {
    return this.subject.verdict(i) === verdicts.FORWARD_L2 ? inputSum(input, reader) : 0;
  }

  private headerSumDiffers(input: Input, reader: Reader, inner: number): boolean {
    return reader.kind === IPV4 && this.headerSum(inner) !== inputSum(input, reader);
  }
}

function inputSum({ view }: Input, reader: Reader): number {
  let sum = 0;
  const bytes = (view.getUint8(reader.packet) & 15) * 4;
  for (let k = 0; k < bytes; k += 2) sum += view.getUint16(reader.packet + k);
  return sum % 0xffff;
}
