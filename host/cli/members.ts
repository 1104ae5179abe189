// host/cli/members.ts: what a members file says now, for commands that do not follow it.
import type { Change, MembershipSource } from '../membership/event.js';
import { refusalError } from '../membership/refusal.js';

const MEMBERS_MS_MAX = 10_000;

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
