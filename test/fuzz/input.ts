// test/fuzz/input.ts: one input of the fuzzer: a frame, and what the bytes of a frame do not say (layout.ts, META_).
import {
  META_BYTES,
  META_FLAGS,
  META_HAS_MARK,
  META_HAS_VIRTIO,
  META_HAS_VLAN,
  META_INGRESS,
  META_LENGTH,
  META_MARK,
  META_PACKET_TYPE,
  META_VIRTIO,
  META_VLAN_TCI,
  VIRTIO_BYTES,
} from '../../assembly/layout.js';

/** A frame with its meta record. `bytes` has the same size in all inputs of a run; behind `length` stands garbage. */
export class Input {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The same bytes, four at a time: quicker to copy. */
  readonly words: Int32Array;
  /** META_BYTES, as the hot path wants them. */
  readonly meta = new Uint8Array(META_BYTES);
  private readonly metaView = new DataView(this.meta.buffer);

  constructor(readonly capacity: number) {
    this.bytes = new Uint8Array((capacity + 3) & ~3);
    this.view = new DataView(this.bytes.buffer);
    this.words = new Int32Array(this.bytes.buffer);
  }

  /** Bytes of the frame; more than `capacity` for one that was cut. */
  get length(): number {
    return this.metaView.getUint32(META_LENGTH, true);
  }

  set length(bytes: number) {
    this.metaView.setUint32(META_LENGTH, bytes, true);
  }

  /** Bytes of the frame that are here. */
  get held(): number {
    return Math.min(this.length, this.capacity);
  }

  get packetType(): number {
    return this.meta[META_PACKET_TYPE] as number;
  }

  set packetType(type: number) {
    this.meta[META_PACKET_TYPE] = type;
  }

  get ingress(): number {
    return this.metaView.getUint16(META_INGRESS, true);
  }

  set ingress(egress: number) {
    this.metaView.setUint16(META_INGRESS, egress, true);
  }

  get hasVlan(): boolean {
    return (this.flags & META_HAS_VLAN) !== 0;
  }

  get vlanTci(): number {
    return this.metaView.getUint16(META_VLAN_TCI, true);
  }

  /** Says that the tag was taken out of the frame. */
  setVlan(tci: number): void {
    this.metaView.setUint16(META_VLAN_TCI, tci, true);
    this.flags |= META_HAS_VLAN;
  }

  get hasVirtio(): boolean {
    return (this.flags & META_HAS_VIRTIO) !== 0;
  }

  /** A u8 or u16 of the virtio header. */
  virtio8(offset: number): number {
    return this.meta[META_VIRTIO + offset] as number;
  }

  virtio16(offset: number): number {
    return this.metaView.getUint16(META_VIRTIO + offset, true);
  }

  setVirtio(flags: number, gsoType: number, gsoSize: number, checksumStart: number, checksumOffset: number): void {
    this.meta.fill(0, META_VIRTIO, META_VIRTIO + VIRTIO_BYTES);
    this.meta[META_VIRTIO] = flags;
    this.meta[META_VIRTIO + 1] = gsoType;
    this.metaView.setUint16(META_VIRTIO + 4, gsoSize, true);
    this.metaView.setUint16(META_VIRTIO + 6, checksumStart, true);
    this.metaView.setUint16(META_VIRTIO + 8, checksumOffset, true);
    this.flags |= META_HAS_VIRTIO;
  }

  /** Mark of a packet of this host, undefined for a frame that came from outside. */
  get mark(): number | undefined {
    return this.flags & META_HAS_MARK ? this.metaView.getUint32(META_MARK, true) : undefined;
  }

  set mark(mark: number | undefined) {
    this.metaView.setUint32(META_MARK, mark ?? 0, true);
    this.flags = mark === undefined ? this.flags & ~META_HAS_MARK : this.flags | META_HAS_MARK;
  }

  get flags(): number {
    return this.metaView.getUint16(META_FLAGS, true);
  }

  set flags(bits: number) {
    this.metaView.setUint16(META_FLAGS, bits, true);
  }

  /** Nothing is said of the frame: sent to us, from egress 0. */
  clear(): void {
    this.meta.fill(0);
  }

  copyFrom(other: Input): void {
    const count = (other.held + 3) >> 2;
    for (let k = 0; k < count; k++) this.words[k] = other.words[k] as number;
    this.meta.set(other.meta);
  }

  /** As a line of the corpus says it: meta, then the frame, in hex. */
  toText(): string {
    const frame = this.bytes.subarray(0, this.held);
    return `${Buffer.from(this.meta.subarray(0, META_MARK + 4)).toString('hex')} ${Buffer.from(frame).toString('hex')}`;
  }

  /** Takes what toText() said. A longer frame than fits is cut. */
  fromText(text: string): void {
    const [meta = '', frame = ''] = text.trim().split(/\s+/);
    this.meta.fill(0);
    this.meta.set(Buffer.from(meta, 'hex').subarray(0, META_BYTES));
    this.bytes.set(Buffer.from(frame, 'hex').subarray(0, this.capacity));
  }
}
