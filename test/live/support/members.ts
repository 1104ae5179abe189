// test/live/support/members.ts: the members file of a live test, and the records most of them use.
import { rename, writeFile } from 'node:fs/promises';
import type { Topology } from '../../../host/demo/lab/topology.js';
import type { Backend, Change, Vip } from '../../../host/membership/event.js';
import { vipKey } from '../../../host/membership/index.js';

/** A VIP with its backends, as a members file has it. */
export type FileVip = Vip & { backends: Omit<Backend, 'vip'>[] };

/** Ports the peers of the tests serve. */
export const HTTP_PORT = 80;
export const ECHO_PORT = 9000;
/** Small, so that a test sees every slot's turn, and a prime. */
const TABLE_SIZE = 4099;

/** A VIP of the topology with all of its backends, or those of `backends`. */
export function vipOf({ vip, backends }: Topology, record: Partial<FileVip> & Pick<Vip, 'protocol' | 'port'>): FileVip {
  const all = backends.map(({ address }) => ({ address }));
  return { address: vip, tableSize: TABLE_SIZE, backends: all, ...record };
}

/** HTTP at the VIP. */
export function webVip(topology: Topology, record: Partial<FileVip> = {}): FileVip {
  return vipOf(topology, { protocol: 'tcp', port: HTTP_PORT, ...record });
}

/** UDP echo at the VIP. */
export function echoVip(topology: Topology, record: Partial<FileVip> = {}): FileVip {
  return vipOf(topology, { protocol: 'udp', port: ECHO_PORT, ...record });
}

/** The same records as changes, for an in-process source. */
export function changesOf(vips: readonly FileVip[]): Change[] {
  return vips.flatMap(({ backends, ...vip }) => [
    { put: vip },
    ...backends.map((backend) => ({ put: { ...backend, vip: vipKey(vip) } })),
  ]);
}

/** Writes a members file at once, so that nobody reads half of it. JSON is YAML. */
export async function writeMembers(path: string, vips: readonly FileVip[]): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify({ vips }, undefined, 2));
  await rename(`${path}.new`, path);
}
