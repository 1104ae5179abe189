// host/fleet/identity.ts: the name of a balancer in its fleet: the same after a restart, another one for its neighbour.
import { hostname } from 'node:os';
import { optionError } from '../errors.js';
import { idRule } from './statusRecord.js';

/**
 * `given`, or the host's name and its interfaces: `lb1.eth0+eth1`. One interface has one balancer, so this is unique where host names
 * are; balancers in network namespaces of one host need an `id` of their own. Throws ERR_OPTION.
 */
export function balancerId(given: string | undefined, interfaces: readonly string[]): string {
  const id = given ?? `${hostname()}.${interfaces.join('+')}`.replaceAll(/[^A-Za-z0-9._:+@-]/g, '-').slice(0, 100);
  const rule = idRule(id);
  if (rule !== undefined) throw optionError('id', id, rule);
  return id;
}
