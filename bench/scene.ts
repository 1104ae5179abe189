// bench/scene.ts: a hot path with VIPs, backends, next hops and prepared frames in its memory. The frames lie in the RINGS
// region, where no kernel ring is; behind them there is room for one more lookup table (assembly/bench.ts draws it).
import {
  META_FLAGS,
  META_HAS_VLAN,
  META_LENGTH,
  META_PACKET_TYPE,
  META_VLAN_TCI,
  REGION_RINGS,
} from '../assembly/layout.js';
import { setEgress } from '../host/egress.js';
import { Engine } from '../host/engine.js';
import type { FrameMeta } from '../host/hotpath.js';
import { adviseHugePages } from '../host/linux/hugePages.js';
import type { Backend, Change, Vip } from '../host/membership/event.js';
import { alignUp } from '../host/memory.js';
import { cellBytesFor, powerOfTwo, readCore } from '../host/options.js';
import { BALANCER_MAC, frameSource, protocolOf, VIP_PORT_NUMBER, vipAddress } from './frames.js';
import type { Shape } from './shape.js';

/** A hot path ready to be measured. Addresses are those of the Wasm memory. */
export interface Scene {
  readonly shape: Shape;
  readonly engine: Engine;
  /** Time of the hot path, ticks: it stands still, so that no flow ages. */
  readonly tick: number;
  /** First halves of the metas, HEAD_BYTES a flow. */
  readonly heads: number;
  /** Frames, `stride` bytes a flow. */
  readonly frames: number;
  readonly stride: number;
  /** Room for one lookup table. */
  readonly scratch: number;
}

const TICK = 1_000_000;
const HEAD_BYTES = 16;
const CACHE_LINE = 64;
const MIB = 2 ** 20;
const NO_LIMIT_MTU = 65_535; // compared like any other
const SECRET = 'maglev-dsr bench: the same tables on every machine';

/** Makes the scene and fills it with frames of random flows. Rejects with ERR_LIMIT when it does not fit 4 GiB. */
export async function openScene(shape: Shape, wasmUrl?: URL): Promise<Scene> {
  const scene = await openEmptyScene(shape, wasmUrl);
  const next = frameSource(shape);
  for (let flow = 0; flow < shape.flows; flow++) writeFrame(scene, flow, next());
  return scene;
}

/** Makes the scene; its frames are all of length 0. */
export async function openEmptyScene(shape: Shape, wasmUrl?: URL): Promise<Scene> {
  const stride = alignUp(shape.frameBytes, CACHE_LINE);
  const headBytes = alignUp(shape.flows * HEAD_BYTES, CACHE_LINE);
  const frameBytes = shape.flows * stride;
  const engine = new Engine({
    settings: readCore({ ...coreOptions(shape), ...(wasmUrl && { wasmUrl }) }),
    shape: {
      workers: 1,
      cells: shape.batch,
      cellBytes: cellBytesFor(stride),
      ringsBytes: headBytes + frameBytes + alignUp(2 * shape.tableSize, CACHE_LINE),
    },
    sourceFor: (address) => (address.includes(':') ? '2001:db8:ffff::1' : '10.255.255.254'),
    tick: () => TICK,
  });
  // As live; the twins do the same.
  if (process.platform === 'linux') adviseHugePages(engine.memory.memory);
  setEgress(engine.memory, 0, { mac: BALANCER_MAC, isUp: true, announce: false });
  const backends = backendsOf(shape);
  const changes: Change[] = [...vipsOf(shape).map((put) => ({ put })), ...backends.map((put) => ({ put }))];
  await engine.apply(changes, { isAtomic: true });
  backends.forEach(({ address }, index) => {
    engine.nextHops.set(address, { mac: macOf(index), egress: 0, mtu: NO_LIMIT_MTU });
  });
  const heads = engine.memory.region(REGION_RINGS).base;
  const frames = heads + headBytes;
  return { shape, engine, tick: TICK, heads, frames, stride, scratch: frames + frameBytes };
}

/** Prepares the frame of `flow`, at most `shape.frameBytes` long. */
export function writeFrame(scene: Scene, flow: number, frame: Uint8Array, meta: FrameMeta = {}): void {
  const { bytes, view } = scene.engine.memory;
  const head = scene.heads + flow * HEAD_BYTES;
  bytes.set(frame, scene.frames + flow * scene.stride);
  view.setUint32(head + META_LENGTH, frame.length, true);
  view.setUint8(head + META_PACKET_TYPE, meta.packetType ?? 0);
  view.setUint16(head + META_FLAGS, meta.vlanTci === undefined ? 0 : META_HAS_VLAN, true);
  view.setUint16(head + META_VLAN_TCI, meta.vlanTci ?? 0, true);
}

/** Limits just large enough, so that the copy for the twins stays small. */
function coreOptions({ vips, backends, tableSize, tracking, flows, flowPlaces }: Shape) {
  const tracks = tracking === 'all' ? 16 * powerOfTwo(2 * tableSize) : 0;
  const tablesBytes = vips * (2 * tableSize + tracks + 128) + 2 * tableSize;
  return {
    hashSecret: SECRET,
    vipsMax: vips,
    backendsMax: vips * backends,
    // Eight flows share a bucket: at a quarter full, hardly any bucket is.
    flowsMax: flowPlaces ?? Math.max(2 ** 20, powerOfTwo(4 * flows)),
    tablesMiB: Math.ceil(tablesBytes / MIB) + 1,
  };
}

function vipKey({ family, frameBytes }: Shape, index: number): string {
  const address = vipAddress(family, index);
  return `${protocolOf({ family, frameBytes })}/${family === 6 ? `[${address}]` : address}:${VIP_PORT_NUMBER}`;
}

function vipsOf(shape: Shape): Vip[] {
  const { family, encap, tracking, tableSize } = shape;
  return Array.from({ length: shape.vips }, (_, index) => ({
    address: vipAddress(family, index),
    protocol: protocolOf(shape),
    port: VIP_PORT_NUMBER,
    encap: { type: encap },
    tracking,
    tableSize,
  }));
}

function backendsOf(shape: Shape): Backend[] {
  const keys = Array.from({ length: shape.vips }, (_, index) => vipKey(shape, index));
  return keys.flatMap((vip, vipIndex) =>
    Array.from({ length: shape.backends }, (_, index) => ({
      vip,
      address: backendAddress(shape.family, vipIndex * shape.backends + index + 1),
    })),
  );
}

function backendAddress(family: 4 | 6, number: number): string {
  if (family === 6) return `2001:db8:2::${number.toString(16)}`;
  return `10.${number >> 16}.${(number >> 8) & 0xff}.${number & 0xff}`;
}

function macOf(index: number): string {
  const pairs = [index >> 24, index >> 16, index >> 8, index].map((byte) =>
    (byte & 0xff).toString(16).padStart(2, '0'),
  );
  return `02:01:${pairs.join(':')}`;
}
