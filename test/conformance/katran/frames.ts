// test/conformance/katran/frames.ts: families of frames: each through the hot path in its turn, action and bytes compared. State carries
// over from case to case, and from phase to phase.
import { createHotPath, type HotPath } from '../../../host/hotpath.js';
import type { Backend, Change, Vip } from '../../../host/membership/event.js';
import { differenceOf, type FamilyOutcome } from '../outcome.js';
import { compareCounters } from './counters.js';
import type { FrameCase, VectorFolder, VectorProfile } from './format.js';
import {
  changesBetween,
  checkOptions,
  decapOf,
  encapOf,
  hotPathOptions,
  portOf,
  realsOf,
  recordsOf,
} from './setting.js';

/** A family of the balancer: a profile for each phase. */
export async function runBalancer(folder: VectorFolder, name: string): Promise<FamilyOutcome> {
  const family = folder.family(name);
  checkOptions(family);
  const { provisioning } = folder;
  const cases = folder.cases<FrameCase>(name);
  const profiles = (family.profiles ?? []).map((profile) => folder.profile(profile));
  const [first] = profiles as [VectorProfile];
  const reals = new Set(profiles.flatMap((profile) => [...realsOf(profile)]));
  const decap = decapOf(family, portOf(provisioning, family), first);
  const hotPath = await createHotPath(hotPathOptions(provisioning, family, reals, decap));
  const encap = encapOf(provisioning, family);
  const outcome: FamilyOutcome = { family: name, passed: 0, failures: [] };
  let live = new Map<string, Vip | Backend>();
  for (const [i, profile] of profiles.entries()) {
    const records = recordsOf(profile, family, encap);
    await hotPath.apply(changesBetween(live, records));
    live = records;
    const ofPhase = cases.filter(({ phase = 1 }) => phase === i + 1);
    runCases(hotPath, ofPhase, outcome);
  }
  compareCounters(hotPath.stats(), family.counters, cases.length, outcome);
  return outcome;
}

/** Health checks: frames of this host, each with its mark. */
export async function runHealthChecks(folder: VectorFolder, name: string): Promise<FamilyOutcome> {
  const family = folder.family(name);
  const { provisioning } = folder;
  const { fwmarks = [] } = folder.profile(family.profile);
  const reals = fwmarks.map(({ address }) => address);
  const hotPath = await createHotPath(hotPathOptions(provisioning, family, reals, {}));
  const vip = { address: '192.0.2.80', protocol: 'tcp', port: 80, encap: encapOf(provisioning, family) } as const;
  const marked = fwmarks.map(({ fwmark, address }): Change => {
    const put: Backend = { vip: 'tcp/192.0.2.80:80', address, healthCheckMark: fwmark };
    return { put };
  });
  await hotPath.apply([{ put: vip }, ...marked]);
  const outcome: FamilyOutcome = { family: name, passed: 0, failures: [] };
  runCases(hotPath, folder.cases<FrameCase>(name), outcome);
  return outcome;
}

/** Decapsulation on a real server. */
export async function runServer(folder: VectorFolder, name: string): Promise<FamilyOutcome> {
  const family = folder.family(name);
  const { gue_udp_port: guePort } = family;
  const decap = { ipip: true, ...(guePort !== undefined && { guePort }) };
  const options = hotPathOptions(folder.provisioning, family, [], decap);
  const hotPath = await createHotPath({ ...options, katran: { ...options.katran, role: 'server' } });
  const outcome: FamilyOutcome = { family: name, passed: 0, failures: [] };
  runCases(hotPath, folder.cases<FrameCase>(name), outcome);
  return outcome;
}

function runCases(hotPath: HotPath, cases: readonly FrameCase[], outcome: FamilyOutcome): void {
  for (const vector of cases) {
    const why = differs(hotPath, vector);
    if (why === undefined) outcome.passed++;
    else outcome.failures.push({ name: vector.name, why });
  }
}

/** What is wrong with the outcome of one case, undefined when nothing is. */
function differs(hotPath: HotPath, vector: FrameCase): string | undefined {
  const input = Buffer.from(vector.input_hex, 'hex');
  const meta = vector.fwmark === undefined ? undefined : { mark: vector.fwmark };
  const { verdict, frames } = hotPath.forward(input, meta);
  const action = actionOf(verdict);
  if (action !== vector.expected_action) return `${action} (${verdict}), expected ${vector.expected_action}`;
  const [sent] = frames;
  if (action === 'tx' && (sent === undefined || frames.length > 1))
    return `${frames.length} frames (${verdict}), expected one`;
  if (action !== 'tx' && sent !== undefined) return `a frame that left (${verdict}), expected none`;
  const bytes = sent ?? whatIsLeft(hotPath, input.length);
  const difference = differenceOf(bytes, Buffer.from(vector.expected_hex, 'hex'), vector.ignore);
  return difference && `${verdict}: ${difference}`;
}

/** The frame as it lies in its cell, which is what the host gets of one that is passed. */
function whatIsLeft(hotPath: HotPath, length: number): Uint8Array {
  const batch = hotPath.batch(1);
  return batch.input(0).subarray(batch.front(0), length);
}

/** Katran's action that a verdict stands for. */
export function actionOf(verdict: string): FrameCase['expected_action'] {
  if (/^(?:FORWARD|REPLY)_/.test(verdict)) return 'tx';
  return verdict.startsWith('IGNORE_') ? 'pass' : 'drop';
}
