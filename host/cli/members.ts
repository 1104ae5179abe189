// host/cli/members.ts: what a members file says now, for commands that do not follow it.
import { MaglevError, optionError } from '../errors.js';
import type { RecordMap } from '../membership/difference.js';
import type { Change, MembershipSource } from '../membership/event.js';
import { formatRefusal, refusalError } from '../membership/refusal.js';
import { readDeclaredFile } from '../membership/sources/file.js';

const MEMBERS_MS_MAX = 10_000;

/**
 * The records that a members file declares. Throws ERR_OPTION for a file that cannot be read, ERR_RECORD with all that it gets wrong, a
 * line each.
 */
export async function readDeclaredMembers(path: string): Promise<RecordMap> {
  const { records, refusals } = await readDeclaredFile(path);
  if (records !== undefined) return records;
  throw new MaglevError('ERR_RECORD', refusals.map(formatRefusal).join('\n'), { rule: 'see message' });
}

/** What a file says now. Throws ERR_RECORD for the first thing it refuses. */
export async function readMembers(source: MembershipSource): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const event of source.events(AbortSignal.timeout(MEMBERS_MS_MAX))) {
    if (event.type === 'changes') changes.push(...event.changes);
    if (event.type === 'refused') throw refusalError(event.refusal);
    if (event.type === 'stale') throw new Error(`${source.name}: ${event.reason}`);
    if (event.type === 'caughtUp') break;
  }
  return changes;
}

/** The same for a command that has no network: refuses a source that a fleet follows. */
export async function readFileMembers(source: MembershipSource): Promise<Change[]> {
  if (source.isShared) throw optionError('membership', source.name, 'must be a file here');
  return readMembers(source);
}

/** One MAC address for every backend there is: all are taken for reachable. */
export function reachAll(changes: readonly Change[], mac: string): Record<string, string> {
  const backends = changes.flatMap((change) => ('put' in change && 'vip' in change.put ? [change.put.address] : []));
  return Object.fromEntries(backends.map((address) => [address, mac]));
}
