// test/model/vip.ts: which VIP is meant, the slow way: all that match, and the best of them by the table of assembly/vip.ts.

/** A VIP with its address as a number of 128 bits. */
export interface ModelVip {
  key: string;
  isV6: boolean;
  address: bigint;
  /** Of the family's own bits. */
  prefixBits: number;
  protocol: string;
  port: number;
}

/** Where a packet is going. */
export interface Destination {
  isV6: boolean;
  address: bigint;
  protocol: string;
  port: number;
}

/** Key of the VIP that gets it, undefined when none does. */
export function chooseVip(vips: readonly ModelVip[], to: Destination): string | undefined {
  const matching = vips.filter(
    (vip) => covers(vip, to) && vip.protocol === to.protocol && (vip.port === to.port || vip.port === 0),
  );
  matching.sort((a, b) => Number(b.port === to.port) - Number(a.port === to.port) || b.prefixBits - a.prefixBits);
  return matching[0]?.key;
}

/** True when some VIP's address or prefix holds it. */
export function isOurs(vips: readonly ModelVip[], to: Destination): boolean {
  return vips.some((vip) => covers(vip, to));
}

function covers(vip: ModelVip, to: Destination): boolean {
  if (vip.isV6 !== to.isV6) return false;
  const rest = BigInt((vip.isV6 ? 128 : 32) - vip.prefixBits);
  return vip.address >> rest === to.address >> rest;
}
