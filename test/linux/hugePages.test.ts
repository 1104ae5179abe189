// What the kernel says of a memory for which huge pages were asked for.
import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adviseHugePages } from '../../host/linux/hugePages.js';
import { libc } from '../../host/linux/libc.js';

const MIB = 2 ** 20;
const SWITCH = '/sys/kernel/mm/transparent_hugepage/enabled';

/** VmFlags of the mapping that has `address` (proc(5)): `hg` where madvise(2) asked for huge pages. */
function flagsOf(address: bigint): string[] {
  let isHere = false;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (range) isHere = BigInt(`0x${range[1]}`) <= address && address < BigInt(`0x${range[2]}`);
    else if (isHere && line.startsWith('VmFlags:')) return line.slice('VmFlags:'.length).trim().split(' ');
  }
  return [];
}

const HugePages = suite('linux/hugePages');
const why = existsSync(SWITCH) ? undefined : `no ${SWITCH}: this kernel has no transparent huge pages`;
if (why) console.log(`huge pages skipped: ${why}`);
const huge = why ? HugePages.skip : HugePages;

huge('are asked for from the first byte to the last', () => {
  const pages = (16 * MIB) / 65_536;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  const [first, last] = [0, 16 * MIB - 1].map((at) => libc().address(bytes) + BigInt(at)) as [bigint, bigint];
  assert.not.ok(flagsOf(first).includes('hg'));
  assert.ok(adviseHugePages(memory));
  assert.ok(flagsOf(first).includes('hg'));
  assert.ok(flagsOf(last).includes('hg'));
  assert.is(bytes[16 * MIB - 1], 0);
});
HugePages.run();
