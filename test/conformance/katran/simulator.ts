// test/conformance/katran/simulator.ts: flows instead of frames: a frame of 512 bytes is made of each, a SYN for TCP, and the outer
// destination of what leaves is the real.
import { createHotPath } from '../../../host/hotpath.js';
import { addressBytes, addressFamily, addressRule, formatAddress } from '../../../host/membership/address.js';
import type { FamilyOutcome } from '../outcome.js';
import type { FlowCase, VectorFolder } from './format.js';
import { actionOf } from './frames.js';
import { changesBetween, encapOf, hotPathOptions, realsOf, recordsOf } from './setting.js';

const FRAME_BYTES = 512;
const ETHERNET = 14;
const TCP = 6;
const SYN = 0x02;

export async function runSimulator(folder: VectorFolder, name: string): Promise<FamilyOutcome> {
  const family = folder.family(name);
  const { provisioning } = folder;
  const profile = folder.profile(family.profiles?.[0]);
  const hotPath = await createHotPath(hotPathOptions(provisioning, family, realsOf(profile), {}));
  await hotPath.apply(changesBetween(new Map(), recordsOf(profile, family, encapOf(provisioning, family))));
  const outcome: FamilyOutcome = { family: name, passed: 0, failures: [] };
  for (const { flow, expected_real, seq, description } of folder.cases<FlowCase>(name)) {
    const frame = frameOf(flow);
    const result = frame && hotPath.forward(frame);
    const real = result !== undefined && actionOf(result.verdict) === 'tx' ? outerDestination(result.frames[0]) : null;
    if (real === expected_real) outcome.passed++;
    else {
      const verdict = result === undefined ? '' : ` (${result.verdict})`;
      outcome.failures.push({
        name: `${name}/${seq} ${description ?? ''}`,
        why: `${real}${verdict}, expected ${expected_real}`,
      });
    }
  }
  return outcome;
}

/** Undefined for a flow of which no packet can be made. */
function frameOf({ src, dst, src_port, dst_port, proto }: FlowCase['flow']): Uint8Array | undefined {
  if (addressRule(src) !== undefined || addressRule(dst) !== undefined) return undefined;
  if (addressFamily(src) !== addressFamily(dst)) return undefined;
  const frame = Buffer.alloc(FRAME_BYTES);
  const isV6 = addressFamily(src) === 6;
  frame.writeUInt16BE(isV6 ? 0x86dd : 0x0800, 12);
  const transport = ETHERNET + (isV6 ? 40 : 20);
  if (isV6) writeIpv6(frame, src, dst, proto);
  else writeIpv4(frame, src, dst, proto);
  frame.writeUInt16BE(src_port, transport);
  frame.writeUInt16BE(dst_port, transport + 2);
  if (proto !== TCP) frame.writeUInt16BE(FRAME_BYTES - transport, transport + 4);
  else frame.set([0x50, SYN], transport + 12);
  return frame;
}

function writeIpv4(frame: Buffer, src: string, dst: string, proto: number): void {
  frame.set([0x45, 0], ETHERNET);
  frame.writeUInt16BE(FRAME_BYTES - ETHERNET, ETHERNET + 2);
  frame.set([64, proto], ETHERNET + 8);
  frame.set(addressBytes(src).subarray(12), ETHERNET + 12);
  frame.set(addressBytes(dst).subarray(12), ETHERNET + 16);
}

function writeIpv6(frame: Buffer, src: string, dst: string, proto: number): void {
  frame[ETHERNET] = 0x60;
  frame.writeUInt16BE(FRAME_BYTES - ETHERNET - 40, ETHERNET + 4);
  frame.set([proto, 64], ETHERNET + 6);
  frame.set(addressBytes(src), ETHERNET + 8);
  frame.set(addressBytes(dst), ETHERNET + 24);
}

function outerDestination(frame: Uint8Array | undefined): string | null {
  if (frame === undefined) return null;
  const isV6 = frame[12] === 0x86;
  return isV6 ? formatAddress(frame.subarray(38, 54)) : frame.subarray(30, 34).join('.');
}
