// Conformance: Katran's vectors (GPL-2.0, read where they lie, never copied here) through the hot path, and the runner itself: it sees a
// byte that differs, an action, a counter; it runs a folder with cases and families missing; `npm run conformance` says so in its last
// line and its exit code.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FrameCase } from './conformance/katran/format.js';
import { runKatran } from './conformance/katran/run.js';
import { differenceOf } from './conformance/outcome.js';

const Conformance = suite('conformance');
const MAIN = fileURLToPath(new URL('./conformance/main.js', import.meta.url));
const vectors = process.env.KATRAN_VECTORS ?? fileURLToPath(new URL('../../../shared/vectors/katran', import.meta.url));
const isThere = existsSync(join(vectors, 'provisioning.json'));

const FAMILIES = [
  ...['base_ipip', 'base_gue', 'tpr_ipip', 'tpr_gue', 'icmp_too_big', 'icmp_too_big_small_mtu', 'lpm_src_gue'],
  ...['udp_stable_gue', 'udp_flow_migration_gue', 'xpop_decap_gue', 'egress_decap_gue', 'inline_decap_pass_gue'],
  ...['cidr_vip_gue', 'healthcheck_ipip', 'healthcheck_gue', 'server_decap_ipip', 'server_decap_gue', 'tc_srcmatch'],
  ...['simulator', 'rings'],
];

/** Runs the command on a folder. */
function conformance(...args: string[]): { lines: string[]; status: number | null; stderr: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), status, stderr };
}

/** A copy of the vectors in a folder of its own, removed afterwards. */
async function withCopy(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-vectors-'));
  try {
    cpSync(vectors, folder, { recursive: true });
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Changes the cases of a family in a copy. */
function edit(folder: string, family: string, change: (cases: FrameCase[]) => FrameCase[]): FrameCase[] {
  const path = join(folder, `${family}.json`);
  const cases = change(JSON.parse(readFileSync(path, 'utf8')) as FrameCase[]);
  writeFileSync(path, JSON.stringify(cases));
  return cases;
}

/** `hex` with the byte at `at` turned over. */
function spoilt(hex: string, at: number): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes[at] = ~(bytes[at] as number);
  return bytes.toString('hex');
}

Conformance('differences are told with their places, and ignored places are not compared', () => {
  const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
  assert.is(differenceOf(bytes('0102030405'), bytes('0102030405')), undefined);
  assert.is(
    differenceOf(bytes('01ff03aabb'), bytes('0102030405')),
    'bytes 1..1 are ff, expected 02; bytes 3..4 are aabb, expected 0405',
  );
  assert.is(differenceOf(bytes('01ff03'), bytes('010203'), [{ offset: 1, length: 1 }]), undefined);
  assert.is(differenceOf(bytes('0102'), bytes('010203')), '2 bytes, expected 3');
});

Conformance('what is no folder of vectors is named, with exit code 2', () => {
  const { status, stderr } = conformance('katran', '/nowhere');
  assert.is(status, 2);
  assert.match(stderr, '/nowhere: no provisioning.json there');
  assert.is(conformance('lvs', vectors).status, 2);
});

if (!isThere) {
  console.log(`skipped: Katran's vectors: no ${vectors}; KATRAN_VECTORS names the folder`);
  Conformance.skip("Katran's vectors");
} else {
  const { families, absent } = await runKatran(vectors);

  for (const { family, passed, failures, skipped, counters } of families) {
    if (skipped !== undefined) {
      console.log(`skipped: ${family}: ${skipped.why}`);
      Conformance.skip(family);
      continue;
    }
    Conformance(`${family}: action and bytes of every case, and counters`, () => {
      assert.equal(failures, []);
      assert.ok(passed > 0);
      if (counters !== undefined) assert.ok(counters.agree.length > 30, JSON.stringify(counters));
    });
  }

  Conformance('no family is left out unseen', () => {
    const seen = [...families.map(({ family }) => family), ...absent];
    assert.equal(
      FAMILIES.filter((name) => !seen.includes(name)),
      [],
    );
  });

  Conformance('the command ends with the sum, exit code 0', () => {
    const { lines, status } = conformance('katran', vectors);
    const sum = families.reduce((all, { passed }) => all + passed, 0);
    assert.is(lines.at(-1), `${sum} passed, 0 failed`);
    assert.is(status, 0);
    const json = JSON.parse(conformance('katran', vectors, '--json', '--family', 'simulator').lines.join('')) as object;
    assert.equal(json, {
      families: families.filter(({ family }) => family === 'simulator'),
      absent,
      passed: families.find(({ family }) => family === 'simulator')?.passed ?? 0,
      failed: 0,
    });
  });

  Conformance('a byte, an action and a length that differ fail by name', () =>
    withCopy((folder) => {
      const sent = (all: FrameCase[]): FrameCase[] => all.filter(({ name }) => /packet-to-tcp-based/.test(name));
      const cases = edit(folder, 'base_ipip', (all) => {
        const [first, second, third] = sent(all) as [FrameCase, FrameCase, FrameCase];
        first.expected_hex = spoilt(first.expected_hex, 26);
        second.expected_action = 'drop';
        third.expected_hex = `${third.expected_hex}00`;
        return all;
      });
      const [first, second, third] = sent(cases) as [FrameCase, FrameCase, FrameCase];
      const { lines, status } = conformance('katran', folder, '--family', 'base_ipip');
      assert.is(status, 1);
      assert.is(lines.at(-1), `${cases.length - 3} passed, 3 failed`);
      const line = (name: string): string | undefined => lines.find((text) => text.trim().startsWith(`${name}:`));
      assert.match(line(first.name) ?? '', /FORWARD_IPIP: bytes 26\.\.26 are (..), expected ..$/);
      assert.match(line(second.name) ?? '', 'tx (FORWARD_IPIP), expected drop');
      assert.match(line(third.name) ?? '', /\d+ bytes, expected \d+$/);
    }),
  );

  Conformance('a counter that differs is a failure of its family', () =>
    withCopy(async (folder) => {
      const path = join(folder, 'provisioning.json');
      const provisioning = JSON.parse(readFileSync(path, 'utf8'));
      provisioning.families.tpr_gue.counters.observed_this_file.lru = [12, 5];
      writeFileSync(path, JSON.stringify(provisioning));
      const { families: spoiltFamilies } = await runKatran(folder, ['tpr_gue']);
      assert.equal(spoiltFamilies[0]?.failures, [{ name: 'tpr_gue/counters', why: 'lru is [12,4], expected [12,5]' }]);
    }),
  );

  Conformance('a folder with families and cases missing runs; counters of other cases are not compared', () =>
    withCopy(async (folder) => {
      rmSync(join(folder, 'rings.json'));
      rmSync(join(folder, 'tpr_gue.json'));
      const left = edit(folder, 'base_ipip', (all) => all.filter(({ name }) => !name.includes('quic')));
      const { families: fewer, absent: gone } = await runKatran(folder);
      assert.equal(gone, ['tpr_gue', 'rings']);
      assert.equal(
        fewer.flatMap(({ failures }) => failures),
        [],
      );
      const base = fewer.find(({ family }) => family === 'base_ipip');
      assert.is(base?.passed, left.length);
      assert.equal(base?.counters?.agree, []);
      assert.equal(base?.counters?.without.length, 1);
    }),
  );

  Conformance('a file of a family that nobody knows is a failure, not silence', () =>
    withCopy(async (folder) => {
      writeFileSync(join(folder, 'another.json'), '[]');
      const { families: more } = await runKatran(folder);
      assert.equal(more.at(-1)?.failures, [{ name: 'another', why: 'provisioning.json knows no such family' }]);
    }),
  );
}

Conformance.run();
