// test/fuzz/targets.ts: what the scene says of a destination and of a backend, looked up by numbers: once a frame.
import { macBytes } from '../../host/mac.js';
import { addressBytes } from '../../host/membership/address.js';
import type { Encap } from '../../host/membership/event.js';
import { PLACES } from './places.js';
import type { Reader } from './reader.js';
import { backendAddress, keyOf, ownMac, SCENE, type SceneVip, wayTo } from './scene.js';
import type { Subject } from './subject.js';

/** IANA numbers. */
export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** A backend as the hot path knows it now. */
export interface Target {
  vipNumber: number;
  vip: SceneVip;
  /** Of the backend in the scene. */
  number: number;
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
  private readonly byMark = new Map<number, number>();

  constructor() {
    for (const vip of SCENE) {
      const place = PLACES.indexOf(vip.address);
      this.byPacket.set(keyNumber(place, PROTOCOLS[vip.protocol], vip.port), vip);
    }
  }

  /** The VIP that a packet means: with its port by the closest place, then the same with any port. */
  find({ places, placeCount, protocol, destinationPort }: Reader): SceneVip | undefined {
    for (let port = destinationPort; ; port = 0) {
      for (let k = 0; k < placeCount; k++) {
        const vip = this.byPacket.get(keyNumber(places[k] as number, protocol, port));
        if (vip !== undefined) return vip;
      }
      if (port === 0) return undefined;
    }
  }

  backend(index: number): Target | undefined {
    return this.byIndex[index];
  }

  /** Index of the backend that a mark names; 0 when it names none. */
  marked(mark: number): number {
    return this.byMark.get(mark) ?? 0;
  }

  /** Reads indexes again: after membership changed. */
  refresh(subject: Subject): void {
    this.byIndex = [];
    this.byMark.clear();
    for (const vip of SCENE) {
      const live = subject.engine.vips.get(keyOf(vip));
      for (const { index, address, encap, mark } of live?.backends.values() ?? []) {
        if (mark !== undefined) this.byMark.set(mark, index); // each once in the scene
        const number = vip.backends.find((candidate) => backendAddress(vip, candidate) === address);
        const way = number === undefined ? undefined : wayTo(number);
        const macs = way && Uint8Array.from([...macBytes(way.mac), ...macBytes(ownMac(way.egress))]);
        const { egress, mtu } = way ?? { egress: 0, mtu: 0 };
        const bytes = addressBytes(address);
        this.byIndex[index] = {
          vipNumber: live?.number ?? 0,
          vip,
          number: number ?? 0,
          encap,
          address: bytes,
          macs,
          egress,
          mtu,
        };
      }
    }
  }
}

function keyNumber(place: number, protocol: number, port: number): number {
  return (place * 256 + protocol) * 65_536 + port;
}
