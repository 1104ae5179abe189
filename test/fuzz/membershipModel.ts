// test/fuzz/membershipModel.ts: membership in plain maps, from the rules in ARCHITECTURE.md and event.ts: the last record of a key is
// the truth; a backend without its VIP, or of a family that its encapsulation cannot reach, waits.
import { addressBytes } from '../../host/membership/address.js';
import type { Backend, Change, Encap, Vip } from '../../host/membership/event.js';
import { vipKey } from '../../host/membership/key.js';
import { readPrefix } from '../../host/membership/prefix.js';
import { rampedTable } from '../model/slowStart.js';

const L2: Encap = { type: 'l2' };

/** All records by key. */
export class MembershipModel {
  readonly vips = new Map<string, Vip>();
  readonly backends = new Map<string, Backend>();

  constructor(private readonly panicShare: number) {}

  /** A copy, to be thrown away when a list of changes is refused. */
  copy(): MembershipModel {
    const copy = new MembershipModel(this.panicShare);
    for (const [key, vip] of this.vips) copy.vips.set(key, vip);
    for (const [key, backend] of this.backends) copy.backends.set(key, backend);
    return copy;
  }

  apply(change: Change): void {
    if ('remove' in change) {
      this.vips.delete(change.remove);
      this.backends.delete(change.remove);
    } else if ('vip' in change.put) this.backends.set(`${change.put.vip}/${change.put.address}`, change.put);
    else this.vips.set(vipKey(change.put), change.put);
  }

  /** The changes that say all of it. */
  changes(): Change[] {
    return [...this.vips.values(), ...this.backends.values()].map((put) => ({ put }) as Change);
  }

  /** Backends of a VIP that do not wait, in the order of their 16 bytes. */
  private of(key: string): Backend[] {
    const vip = this.vips.get(key) as Vip;
    const reached = [...this.backends.values()].filter((backend) => {
      if (backend.vip !== key) return false;
      const { type } = backend.encap ?? vip.encap ?? L2;
      return backend.address.includes(':') === vip.address.includes(':') || (type !== 'l2' && type !== 'l3dsr');
    });
    return reached.sort((a, b) => Buffer.compare(addressBytes(a.address), addressBytes(b.address)));
  }

  /** Who gets new flows, in order, and who may keep flows. */
  private roles(key: string): { chosen: Backend[]; serving: Backend[] } {
    const all = this.of(key);
    const weight = (some: Backend[]): number => some.reduce((sum, backend) => sum + (backend.weight ?? 1), 0);
    const notDown = all.filter(({ state }) => state !== 'down');
    const active = notDown.filter(({ state, weight: share }) => state !== 'draining' && share !== 0);
    const isEnough = active.length > 0 && weight(active) >= this.panicShare * weight(all);
    if (isEnough) return { chosen: active, serving: notDown };
    return notDown.length > 0 ? { chosen: notDown, serving: notDown } : { chosen: all, serving: all };
  }

  /** Addresses that a packet of the VIP may be sent to. */
  serving(key: string): string[] {
    return this.roles(key).serving.map(({ address }) => address);
  }

  /** The lookup table: the address in each slot. */
  table(key: string, identityKey: Uint8Array): (string | undefined)[] {
    const size = this.vips.get(key)?.tableSize as number;
    const { chosen } = this.roles(key);
    // One of weight 0 that counts as active by the rule of a panic has weight 1.
    const counted = chosen.map((backend) => ({ ...backend, weight: Math.max(1, backend.weight ?? 1) }));
    return rampedTable(counted, Date.now(), size, identityKey);
  }

  /** Key of the VIP that a packet means: with its port by the closest address, then with any port; undefined for none. */
  find({ address, protocol, port }: Pick<Vip, 'address' | 'protocol' | 'port'>): string | undefined {
    const closest = [...this.vips].filter(([, vip]) => vip.protocol === protocol && covers(vip.address, address));
    closest.sort(([, a], [, b]) => readPrefix(b.address).bits - readPrefix(a.address).bits);
    const found = closest.find(([, vip]) => vip.port === port) ?? closest.find(([, vip]) => vip.port === 0);
    return found?.[0];
  }

  isOurs(address: string): boolean {
    return [...this.vips.values()].some((vip) => covers(vip.address, address));
  }
}

/** `address` is, or lies in, `of`. */
function covers(of: string, address: string): boolean {
  const { bytes, bits } = readPrefix(of);
  const shift = BigInt(128 - bits);
  const number = (from: Uint8Array): bigint => BigInt(`0x${Buffer.from(from).toString('hex')}`) >> shift;
  return number(bytes) === number(addressBytes(address));
}
