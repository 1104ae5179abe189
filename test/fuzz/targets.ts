// test/fuzz/targets.ts: what the scene says of a destination and of a backend, looked up by numbers: once a frame.
import { macBytes } from '../../host/mac.js';
import { addressBytes } from '../../host/membership/address.js';
import type { Encap } from '../../host/membership/event.js';
import { ADDRESSES, backendAddress, keyOf, ownMac, SCENE, type SceneVip, wayTo } from './scene.js';
import type { Subject } from './subject.js';

const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** A backend as the hot path knows it now. */
export interface Target {
  vipNumber: number;
  vip: SceneVip;
  encap: Encap;
  /** 16 bytes. */
  address: Uint8Array;
  /** Both MAC addresses of a frame to it; undefined while nobody knows the way. */
  macs: Uint8Array | undefined;
  egress: number;
  mtu: number;
}

/** Finds VIPs by what a packet says, and backends by index. */
export class Targets {
  private readonly byPacket = new Map<number, SceneVip>();
  private byIndex: (Target | undefined)[] = [];

  constructor() {
    for (const vip of SCENE) {
      const place = ADDRESSES.indexOf(vip.address);
      this.byPacket.set(keyNumber(place, PROTOCOLS[vip.protocol], vip.port), vip);
    }
  }

  /** The VIP that a packet to ADDRESSES[place] means: the exact port, then any. */
  find(place: number, protocol: number, port: number): SceneVip | undefined {
    if (place < 0) return undefined;
    return this.byPacket.get(keyNumber(place, protocol, port)) ?? this.byPacket.get(keyNumber(place, protocol, 0));
  }

  backend(index: number): Target | undefined {
    return this.byIndex[index];
  }

  /** Reads indexes again: after membership changed. */
  refresh(subject: Subject): void {
    this.byIndex = [];
    for (const vip of SCENE) {
      const live = subject.engine.vips.get(keyOf(vip));
      for (const { index, address, encap } of live?.backends.values() ?? []) {
        const number = vip.backends.find((candidate) => backendAddress(vip, candidate) === address);
        const way = number === undefined ? undefined : wayTo(number);
        const macs = way && Uint8Array.from([...macBytes(way.mac), ...macBytes(ownMac(way.egress))]);
        const { egress, mtu } = way ?? { egress: 0, mtu: 0 };
        const bytes = addressBytes(address);
        this.byIndex[index] = { vipNumber: live?.number ?? 0, vip, encap, address: bytes, macs, egress, mtu };
      }
    }
  }
}

function keyNumber(place: number, protocol: number, port: number): number {
  return (place * 256 + protocol) * 65_536 + port;
}
