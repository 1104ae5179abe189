// test/support/decap.ts: a decapsulator without I/O: frames in cells, and the packets that come out of them.
import {
  CONTROL_GENERATION,
  DECAP_OUTPUT_BASE,
  DECAP_OUTPUT_BYTES,
  DECAP_OUTPUT_LENGTH,
  DECAP_OUTPUT_VIRTIO,
  DECAP_OUTPUTS,
  HEADROOM,
  META_BYTES,
  META_FLAGS,
  META_HAS_VIRTIO,
  META_HAS_VLAN,
  META_LENGTH,
  META_PACKET_TYPE,
  META_VERDICT,
  META_VIRTIO,
  META_VLAN_TCI,
  OUTPUT_BYTES,
  REGION_CELLS,
  REGION_CONTROL,
  REGION_DECAP,
  VIRTIO_BYTES,
} from '../../assembly/layout.js';
import { createDecapMemory, type DecapRules, writeRules } from '../../host/decap/decapMemory.js';
import { readDecapVerdicts } from '../../host/decap/decapStats.js';
import type { FrameMeta } from '../../host/hotpath.js';
import type { HotMemory } from '../../host/memory.js';
import { bindHotPath, compileHotPath, type HotPathModule } from '../../host/module.js';
import { cellBytesFor } from '../../host/options.js';
import { DECAP_VERDICTS, verdictName } from '../../host/stats.js';
import * as golden from '../golden/decap.js';
import { patch } from './hex.js';

/** What came out of a tunnel. */
interface InnerPacket {
  bytes: Uint8Array;
  virtio: Uint8Array;
}

/** What a test's decapsulator takes; default: all that the golden frames are. */
interface DecapCase extends Partial<DecapRules> {
  /** Default 2048. */
  frameBytesMax?: number;
  cells?: number;
}

/** What takes all of the golden frames. */
export const RULES: DecapRules = {
  types: ['ipip', 'gue', 'gre'],
  guePorts: [6080],
  zeroChecksum6: false,
  locals: ['10.0.1.9', '2001:db8:1::9'],
  sources: ['10.0.0.1', '2001:db8:5::1'],
  inners: ['192.0.2.80', '2001:db8::80'],
};
const module = compileHotPath();

/** Frames in cells through the decapsulator. */
export class DecapCells {
  readonly memory: HotMemory;
  readonly hot: HotPathModule;
  readonly #metas: number;
  readonly #cells: number;
  readonly cellBytes: number;
  readonly #outputs: number;

  constructor(options: DecapCase = {}) {
    const { cells = 1, frameBytesMax = 2048 } = options;
    this.cellBytes = cellBytesFor(frameBytesMax);
    this.memory = createDecapMemory({ ringsBytes: 0, cells, cellBytes: this.cellBytes });
    this.hot = bindHotPath(module, this.memory.memory, 0);
    writeRules(this.memory, { ...RULES, ...options }, 0n);
    const generation = this.memory.region(REGION_CONTROL).base + CONTROL_GENERATION;
    Atomics.add(this.memory.words, generation / 4, 1); // live: nobody else reads it
    this.#metas = this.memory.region(REGION_CELLS).base;
    this.#cells = this.#metas + cells * META_BYTES + cells * OUTPUT_BYTES;
    this.#outputs = this.memory.region(REGION_DECAP).base + DECAP_OUTPUTS;
  }

  /** Address of frame `i`. */
  frameAt(i = 0): number {
    return this.#cells + i * this.cellBytes + HEADROOM;
  }

  lay(frame: Uint8Array, meta: FrameMeta = {}, i = 0): void {
    const at = this.#metas + i * META_BYTES;
    const { bytes, view } = this.memory;
    bytes.fill(0, at, at + META_BYTES);
    bytes.set(frame, this.frameAt(i));
    view.setUint32(at + META_LENGTH, frame.length, true);
    view.setUint8(at + META_PACKET_TYPE, meta.packetType ?? 0);
    view.setUint16(at + META_VLAN_TCI, meta.vlanTci ?? 0, true);
    const flags = (meta.vlanTci === undefined ? 0 : META_HAS_VLAN) | (meta.virtio === undefined ? 0 : META_HAS_VIRTIO);
    view.setUint16(at + META_FLAGS, flags, true);
    if (meta.virtio !== undefined) bytes.set(meta.virtio, at + META_VIRTIO);
  }

  verdict(i = 0): string {
    return verdictName(this.memory.view.getUint8(this.#metas + i * META_BYTES + META_VERDICT));
  }

  /** The packet of output record `i`, not copied. */
  output(i: number): InnerPacket {
    const at = this.#outputs + i * DECAP_OUTPUT_BYTES;
    const base = this.memory.view.getUint32(at + DECAP_OUTPUT_BASE, true);
    const length = this.memory.view.getUint32(at + DECAP_OUTPUT_LENGTH, true);
    const virtio = at + DECAP_OUTPUT_VIRTIO;
    return {
      bytes: this.memory.bytes.subarray(base, base + length),
      virtio: this.memory.bytes.subarray(virtio, virtio + VIRTIO_BYTES),
    };
  }

  /** One frame: its verdict and copies of what came out. */
  decapsulate(frame: Uint8Array, meta?: FrameMeta): { verdict: string; packets: InnerPacket[] } {
    this.lay(frame, meta);
    const count = this.hot.runDecapBatch(1);
    const packets = Array.from({ length: count }, (_, i) => {
      const { bytes, virtio } = this.output(i);
      return { bytes: bytes.slice(), virtio: virtio.slice() };
    });
    return { verdict: this.verdict(), packets };
  }

  /** Frames by verdict, those that none got left out. */
  counts(): Record<string, number> {
    const counts = readDecapVerdicts(this.memory);
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }
}

/** Names of all verdicts of a decapsulator. */
export const NAMES = DECAP_VERDICTS.map(({ name }) => name);

/** IPIP_LIMIT with so many extension headers. */
export function withOptions(count: number): Uint8Array {
  const option = golden.IPIP_LIMIT.slice(54, 62);
  const options = Array.from({ length: count }, (_, i) => patch(option, 0, i < count - 1 ? 60 : 4));
  const parts = [golden.IPIP_LIMIT.slice(0, 54), ...options, golden.INSIDE4.slice(14)];
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  return patch(bytes, 18, 0, bytes.length - 54);
}
