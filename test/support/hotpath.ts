// test/support/hotpath.ts: hot paths as the tests of golden frames and of tracking want them.
import { VIRTIO_BYTES } from '../../assembly/layout.js';
import type { Engine } from '../../host/engine.js';
import { createHotPath, type HotPath, type HotPathOptions } from '../../host/hotpath.js';
import type { Change, Encap } from '../../host/membership/event.js';

/** Addresses of test/golden/make.py. */
export const GOLDEN = {
  secret: 'golden frames of the hot path',
  mac: '02:00:00:00:00:01',
  backendMac: '02:00:00:00:0b:09',
  vip4: '192.0.2.80',
  vip6: '2001:db8::80',
  backend4: '10.0.1.9',
  backend6: '2001:db8:1::9',
  outerSource: { ipv4: '10.0.0.1', ipv6: '2001:db8:5::1' },
} as const;

/** The VIPs of the golden frames, TCP 80 and UDP 53 of both families, each with the one backend that takes everything. */
export function goldenChanges(encap: Encap): Change[] {
  const { vip4, vip6, backend4, backend6 } = GOLDEN;
  return [
    { put: { address: vip4, protocol: 'tcp', port: 80, encap, tableSize: 7 } },
    { put: { address: vip4, protocol: 'udp', port: 53, encap, tableSize: 7 } },
    { put: { address: vip6, protocol: 'tcp', port: 80, encap, tableSize: 7 } },
    { put: { address: vip6, protocol: 'udp', port: 53, encap, tableSize: 7 } },
    { put: { vip: `tcp/${vip4}:80`, address: backend4 } },
    { put: { vip: `udp/${vip4}:53`, address: backend4 } },
    { put: { vip: `tcp/[${vip6}]:80`, address: backend6 } },
    { put: { vip: `udp/[${vip6}]:53`, address: backend6 } },
  ];
}

/** A hot path for the golden frames. */
export async function goldenHotPath(encap: Encap, options: HotPathOptions = {}): Promise<HotPath> {
  const { secret, mac, backendMac, backend4, backend6, outerSource } = GOLDEN;
  const hotPath = await createHotPath({
    ...{ hashSecret: secret, mac, outerSource, ...SMALL },
    nextHops: { [backend4]: backendMac, [backend6]: backendMac },
    ...options,
  });
  await hotPath.apply(goldenChanges(encap));
  return hotPath;
}

/** Limits that make memory cheap to get. */
export const SMALL = { vipsMax: 16, backendsMax: 64, flowsMax: 4096, tablesMiB: 2, batchMax: 64 } as const;

/** The engine inside: for what a caller cannot ask, such as an egress that is down or the bytes of the memory. */
export function engineOf(hotPath: HotPath): Engine {
  return (hotPath as unknown as { engine: Engine }).engine;
}

/** A clock that stands still until it is moved, in ticks of the hot path. */
export class FakeClock {
  constructor(public tick = 1000) {}

  readonly nowMs = (): number => this.tick * 512;
}

/** virtio_net_hdr that goes with the first frame that left because of the last forward(), undefined when there is none. */
export function outputVirtio(hotPath: HotPath): Uint8Array | undefined {
  return hotPath.batch(1).outputVirtio(0)?.slice();
}

/** What a sender left to the device, for virtioHeader(). */
export interface Offload {
  /** Where summing begins, from the start of the frame; the checksum is half. */
  start?: number;
  /** Where the checksum field is, from there. */
  offset?: number;
  /** VIRTIO_NET_HDR_GSO_: 1 TCPV4, 4 TCPV6, 5 UDP_L4. */
  gsoType?: number;
  /** Payload bytes of a segment. */
  gsoSize?: number;
}

/** virtio_net_hdr as the kernel puts it before a frame (virtio 1.2, section 5.1.6). */
export function virtioHeader({ start, offset = 0, gsoType = 0, gsoSize = 0 }: Offload): Uint8Array {
  const header = new Uint8Array(VIRTIO_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, start === undefined ? 0 : 1); // VIRTIO_NET_HDR_F_NEEDS_CSUM
  view.setUint8(1, gsoType);
  view.setUint16(4, gsoSize, true);
  view.setUint16(6, start ?? 0, true);
  view.setUint16(8, offset, true);
  return header;
}

/** The VIPs of the golden frames with `encap` to backends of family `outer`, whatever the family of the VIP. */
export async function tunnelHotPath(encap: Encap, outer: 4 | 6, options: HotPathOptions = {}): Promise<HotPath> {
  const hotPath = await goldenHotPath(encap, options);
  const address = outer === 4 ? GOLDEN.backend4 : GOLDEN.backend6;
  const other = outer === 4 ? GOLDEN.backend6 : GOLDEN.backend4;
  const { vip4, vip6 } = GOLDEN;
  const foreign = outer === 4 ? [`tcp/[${vip6}]:80`, `udp/[${vip6}]:53`] : [`tcp/${vip4}:80`, `udp/${vip4}:53`];
  await hotPath.apply(foreign.flatMap((vip) => [{ put: { vip, address } }, { remove: `${vip}/${other}` }]));
  return hotPath;
}
