// test/fuzz/outputs.ts: what must be true of every frame that leaves: where it lies, whom it is for, lengths that agree,
// checksums that are right, and the client's packet inside it as it was.
import { META_HAS_VIRTIO } from '../../assembly/layout.js';
import * as verdicts from '../../assembly/verdict.js';
import { CLASS, FORWARD } from './claims.js';
import type { Input } from './input.js';
import { brokenOuter, sumOf } from './outer.js';
import { FIRST_FRAGMENT, IPV4, type Reader, WHOLE } from './reader.js';
import { brokenReply } from './replies.js';
import { isSuperFrame, SegmentCheck } from './segments.js';
import type { Subject } from './subject.js';
import type { Target, Targets } from './targets.js';

const TYPE_IPV4 = 0x0800;
const TYPE_ARP = 0x0806;
const TYPE_IPV6 = 0x86dd;
const TYPE_VLAN = 0x8100;
const ETHERNET = 14;
const TAGGED = 18;
const TCP = 6;
const UDP = 17;
const SCTP = 132;
const GSO_NONE = 0;
const NEEDS_CHECKSUM = 1;

/** Verdicts whose one output is the client's packet, with or without something before it. */
const JUDGED: readonly number[] = [
  verdicts.FORWARD_L2,
  verdicts.FORWARD_IPIP,
  verdicts.FORWARD_GUE,
  verdicts.FORWARD_GRE,
  verdicts.FORWARD_L3DSR,
];

/** Verdicts of tunnels, which cut super-frames. */
const TUNNELS: readonly number[] = [verdicts.FORWARD_IPIP, verdicts.FORWARD_GUE, verdicts.FORWARD_GRE];

/** Judges outputs; reads them in the memory of the hot path. */
export class OutputCheck {
  private readonly view: DataView;
  private readonly segments: SegmentCheck;

  constructor(private readonly subject: Subject) {
    this.view = subject.engine.memory.view;
    this.segments = new SegmentCheck(subject);
  }

  /** The rule that an output of frame `i` breaks, or undefined. */
  broken(input: Input, reader: Reader, targets: Targets, i: number): string | undefined {
    const first = this.subject.firstOutput(i);
    for (let o = first; o < first + this.subject.outputs(i); o++) {
      const isHeld = o > first && reader.fragment === FIRST_FRAGMENT;
      const rule = isHeld ? this.brokenHeld(o) : this.brokenOne(input, reader, targets, i, o);
      if (rule !== undefined) return `output ${o - first}: ${rule}`;
    }
    return undefined;
  }

  /** A fragment that came before its first, which frame `i` is: of what it was, only its place can be judged here. */
  private brokenHeld(o: number): string | undefined {
    const { base, bytes } = this.subject.segments;
    const [start, length] = [this.subject.base(o), this.subject.length(o)];
    return start < base || start + length > base + bytes ? 'lies outside its place' : undefined;
  }

  private brokenOne(input: Input, reader: Reader, targets: Targets, i: number, o: number): string | undefined {
    const { subject, view } = this;
    const base = subject.base(o);
    const length = subject.length(o);
    const isCut = isSuperFrame(input) && TUNNELS.includes(subject.verdict(i));
    const place = isCut ? subject.segments : { base: subject.cellAt(i), bytes: subject.cellBytes };
    if (base < place.base || base + length > place.base + place.bytes) return 'lies outside its place';
    if (length < ETHERNET + 20) return `is ${length} bytes long`;
    const type = view.getUint16(base + 12);
    const head = type === TYPE_VLAN ? TAGGED : ETHERNET;
    if ((head === TAGGED) !== (reader.tags !== 0 && subject.egress(o) === input.ingress)) return 'a tag lost or found';
    const packetType = view.getUint16(base + head - 2);
    const total = this.packetLength(base + head, packetType);
    if (total + head !== length) return `is ${length} bytes long, its packet ${total}`;
    if (packetType === TYPE_IPV4 && this.headerSum(base + head) !== this.expectedSum(input, reader, targets, i)) {
      return 'a wrong header checksum';
    }
    const target = targets.backend(subject.backend(i)) as Target;
    if (CLASS[subject.verdict(i)] !== FORWARD) {
      return brokenReply(view, base + head, total, subject.verdict(i), input, reader, target);
    }
    const way = this.brokenWay(base, target, o, total);
    if (way !== undefined || isCut) return way ?? this.segments.broken(input, reader, target, i, o, base + head);
    return this.brokenPacket(input, reader, base + length, base + head, targets, i, o);
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
    targets: Targets,
    i: number,
    o: number,
  ): string | undefined {
    const { subject } = this;
    const target = targets.backend(subject.backend(i)) as Target;
    if (subject.outputs(i) > 1 || !JUDGED.includes(subject.verdict(i))) return undefined;
    const inner = end - reader.total;
    if (inner < start) return 'is shorter than the packet';
    if (target.encap.type === 'l3dsr') return this.brokenL3dsr(input, reader, target, start, o);
    const outer = brokenOuter(this.view, start, inner, reader, target);
    if (outer !== undefined) return outer;
    const from = reader.packet;
    const ttlAt = reader.kind === IPV4 ? 8 : 7;
    if (this.view.getUint8(inner + ttlAt) !== reader.ttl - 1) return 'TTL is not one less';
    if (this.headerSumDiffers(input, reader, inner)) return 'the checksum of the packet does not go with its TTL';
    return this.differs(input, reader, from, inner, ttlAt) ?? this.brokenOffload(input, reader, inner, o);
  }

  /** The packet in place: destination, DSCP and the checksums that cover them are new. */
  private brokenL3dsr(input: Input, reader: Reader, target: Target, at: number, o: number): string | undefined {
    const { view } = this;
    const isV4 = reader.kind === IPV4;
    const destination = isV4 ? 16 : 24;
    const tos = isV4 ? view.getUint8(at + 1) : (view.getUint16(at) >> 4) & 0xff;
    const was = isV4 ? input.view.getUint8(reader.packet + 1) : (input.view.getUint16(reader.packet) >> 4) & 0xff;
    const dscp = target.encap.type === 'l3dsr' ? target.encap.dscp : 0;
    if (tos !== ((dscp << 2) | (was & 3))) return `has TOS ${tos}`;
    if (view.getUint8(at + (isV4 ? 8 : 7)) !== reader.ttl - 1) return 'TTL is not one less';
    for (let k = isV4 ? 12 : 0; k < 16; k++) {
      const there = view.getUint8(at + destination + k - (isV4 ? 12 : 0));
      if (there !== target.address[k]) return 'is not for its backend';
    }
    if (this.headerSumDiffers(input, reader, at)) return 'the checksum of the packet does not go with what changed';
    return this.brokenOffload(input, reader, at, o, true) ?? this.brokenMend(input, reader, at, destination);
  }

  /** The transport checksum went with the destination: what both add up to is as it was. */
  private brokenMend(input: Input, reader: Reader, at: number, destination: number): string | undefined {
    const offset = reader.protocol === TCP ? 16 : reader.protocol === UDP ? 6 : -1;
    if (offset < 0 || input.hasVirtio || reader.fragment !== WHOLE) return undefined;
    const field = reader.transport + offset;
    const [before, after] = [input.view.getUint16(field), this.view.getUint16(at + field - reader.packet)];
    if (before === 0 && reader.protocol === UDP) return after === 0 ? undefined : 'a UDP checksum where there was none';
    const bytes = reader.kind === IPV4 ? 4 : 16;
    const old = sumOf(input.view, reader.packet + destination, bytes) + before;
    const now = sumOf(this.view, at + destination, bytes) + after;
    return (old - now) % 0xffff === 0 ? undefined : 'the transport checksum does not go with the destination';
  }

  /** All but TTL, header checksum and a half checksum is as it was. */
  private differs(input: Input, reader: Reader, from: number, inner: number, ttlAt: number): string | undefined {
    const { memory } = this.subject;
    const skip = this.halfChecksumField(input) - from;
    for (let k = 0; k < reader.total; k++) {
      if (memory[inner + k] === input.bytes[from + k]) continue;
      const isTtl = k === ttlAt || (reader.kind === IPV4 && (k === 10 || k === 11));
      const bytes = this.isHalfSctp(input, reader) ? 4 : 2;
      if (!isTtl && (k < skip || k >= skip + bytes)) return `byte ${k} of the packet was changed`;
    }
    return undefined;
  }

  /** Where in the frame the half checksum stands; far away when there is none. */
  private halfChecksumField(input: Input): number {
    if (!input.hasVirtio || !(input.virtio8(0) & NEEDS_CHECKSUM)) return -1_000_000;
    return input.virtio16(6) + input.virtio16(8);
  }

  /** The field is that of SCTP, which has CRC32c there: test/encap/sctp judges it. */
  private isHalfSctp(input: Input, reader: Reader): boolean {
    return reader.protocol === SCTP && this.halfChecksumField(input) === reader.transport + 8;
  }

  /** A half checksum is completed, or the receiver is told of it. */
  private brokenOffload(input: Input, reader: Reader, inner: number, o: number, isMended = false): string | undefined {
    const { subject, view } = this;
    const isTold = (subject.outputFlags(o) & META_HAS_VIRTIO) !== 0;
    const field = this.halfChecksumField(input);
    if (input.hasVirtio && input.virtio8(1) !== GSO_NONE) {
      return isTold ? undefined : 'a super-frame without its virtio header';
    }
    if (isTold) return 'a virtio header that nobody needs';
    if (field < 0 || isMended || this.isHalfSctp(input, reader)) return undefined;
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
    return sumOf(this.view, at, (this.view.getUint8(at) & 15) * 4) % 0xffff;
  }

  /** An outer header is right, and so is an answer; the client's own is as right as it was. */
  private expectedSum(input: Input, reader: Reader, targets: Targets, i: number): number {
    const { encap } = targets.backend(this.subject.backend(i)) ?? { encap: { type: 'l2' } };
    const isOwn = CLASS[this.subject.verdict(i)] === FORWARD && (encap.type === 'l2' || encap.type === 'l3dsr');
    return isOwn && reader.kind === IPV4 ? inputSum(input, reader) : 0;
  }

  private headerSumDiffers(input: Input, reader: Reader, inner: number): boolean {
    return reader.kind === IPV4 && this.headerSum(inner) !== inputSum(input, reader);
  }
}

function inputSum({ view }: Input, reader: Reader): number {
  return sumOf(view, reader.packet, (view.getUint8(reader.packet) & 15) * 4) % 0xffff;
}
