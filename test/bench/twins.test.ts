// The C twins of the benchmark send the same bytes as the hot path: for whole frames of every kind, and for frames that are
// cut, tagged, expired, fragments, or for nobody. Two implementations in two languages check each other here.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictTable } from '../../assembly/verdict.js';
import { findCompiler, layoutHeader, type Twins } from '../../bench/compiler.js';
import { expectEqualOutcomes, expectEqualTable, takeOutcomes } from '../../bench/equal.js';
import { frameSource } from '../../bench/frames.js';
import { Ours } from '../../bench/ours.js';
import { randomSource } from '../../bench/random.js';
import { openEmptyScene, openScene, type Scene, writeFrame } from '../../bench/scene.js';
import { SHAPE_DEFAULT, type Shape } from '../../bench/shape.js';
import { Twin } from '../../bench/twin.js';
import { spoil } from '../support/spoil.js';

const SEED = Number(process.env.SEED ?? 20261123);
const FLOWS = 2000;
const SMALL: Shape = { ...SHAPE_DEFAULT, vips: 3, backends: 7, tableSize: 251, flows: FLOWS, batch: 64, seed: SEED };

const compiler = await findCompiler();
if ('missing' in compiler) console.log(`C twins skipped: ${compiler.missing}`);
const Equal = suite('bench/twins');
const equal = 'missing' in compiler ? Equal.skip : Equal;

let folder = '';
let twins: Twins;
Equal.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
  if (!('missing' in compiler)) twins = await compiler.build(folder);
});
Equal.after(() => rm(folder, { recursive: true, force: true }));

/** Lets both twins do what ours does; they throw at the first byte that differs. Returns how often each verdict came. */
async function compare(scene: Scene): Promise<Map<string, number>> {
  const image = join(folder, 'image');
  await writeFile(image, scene.engine.memory.bytes.slice());
  const outcomes = takeOutcomes(new Ours(scene));
  for (const name of ['scalar', 'batched'] as const) {
    const twin = await Twin.start(twins[name], image, scene);
    try {
      await expectEqualOutcomes(outcomes, twin, `${name} with seed ${SEED}`, folder);
    } finally {
      await twin.close();
    }
  }
  return new Map(Object.entries(scene.engine.stats().verdicts).map(([name, count]) => [name, Number(count)]));
}

/** The twins know neither ICMP nor fragments nor extension headers: what the benchmark has not. */
function isBeyondTwin(frame: Uint8Array): boolean {
  const at = frame[12] === 0x81 ? 18 : 14;
  if (frame[at - 2] === 0x08)
    return frame[at + 9] === 1 || (((frame[at + 6] ?? 0) & 0x3f) | (frame[at + 7] ?? 0)) !== 0;
  return [0, 43, 44, 51, 58, 60].includes(frame[at + 6] ?? 0);
}

for (const family of [4, 6] as const) {
  for (const encap of ['ipip', 'l2', 'gue', 'gre'] as const) {
    for (const tracking of encap === 'gue' || encap === 'gre' ? (['none'] as const) : (['none', 'all'] as const)) {
      const shape: Shape = { ...SMALL, family, encap, tracking };
      const forward = verdictTable().find(({ name }) => name === `FORWARD_${encap.toUpperCase()}`);
      equal(
        `forwards every whole frame of ${encap} over IPv${family}, tracking ${tracking}, as the hot path does`,
        async () => {
          const verdicts = await compare(await openScene(shape));
          // 2 * 2000 frames in whole batches of 64: 63 batches.
          assert.is(verdicts.get(forward?.name ?? ''), 63 * 64);
        },
      );

      equal(
        `does with broken frames of ${encap} over IPv${family}, tracking ${tracking}, what the hot path does`,
        async () => {
          const scene = await openEmptyScene({ ...shape, frameBytes: 80 });
          const next = frameSource({ ...shape, frameBytes: 74 });
          const random = randomSource(SEED);
          for (let flow = 0; flow < FLOWS; flow++) {
            const frame = Uint8Array.from(next());
            const spoilt = spoil(frame, random);
            const { packetType, vlanTci } = spoilt;
            const bytes = isBeyondTwin(frame) ? 0 : spoilt.bytes;
            const meta = { ...(packetType !== undefined && { packetType }), ...(vlanTci !== undefined && { vlanTci }) };
            writeFrame(scene, flow, frame.subarray(0, bytes), meta);
          }
          const verdicts = await compare(scene);
          const seen = [...verdicts].filter(([, count]) => count > 0).map(([name]) => name);
          for (const name of [
            'DROP_TRUNCATED',
            'DROP_BAD_HEADER',
            'DROP_TTL_EXPIRED',
            'IGNORE_OTHER_HOST',
            'IGNORE_ETHERTYPE',
          ]) {
            assert.ok(seen.includes(name), `${name} among ${seen.join(', ')} (seed ${SEED})`);
          }
        },
      );
    }
  }
}

equal('names the first byte that differs', async () => {
  const scene = await openScene(SMALL);
  const image = join(folder, 'image');
  await writeFile(image, scene.engine.memory.bytes.slice());
  const outcomes = takeOutcomes(new Ours(scene));
  outcomes.bytes[1000] = (outcomes.bytes[1000] ?? 0) ^ 1;
  const twin = await Twin.start(twins.scalar, image, scene);
  try {
    await expectEqualOutcomes(outcomes, twin, 'scalar', folder);
    assert.unreachable('equal');
  } catch (error) {
    assert.match((error as Error).message, /scalar: what became of the frames differs at byte 1000 /);
  } finally {
    await twin.close();
  }
});

equal('fills the same lookup table', async () => {
  for (const [backends, tableSize] of [
    [7, 251],
    [100, 65_537],
    [1000, 65_537],
  ] as const) {
    const scene = await openScene({ ...SHAPE_DEFAULT, backends, tableSize, flows: 1 });
    const image = join(folder, 'image');
    await writeFile(image, scene.engine.memory.bytes.slice());
    const twin = await Twin.start(twins.scalar, image, scene);
    try {
      await expectEqualTable(new Ours(scene), twin, folder);
    } finally {
      await twin.close();
    }
  }
});

equal('a twin that ends says why', async () => {
  const scene = await openScene(SMALL);
  const twin = await Twin.start(twins.scalar, join(folder, 'nothing'), scene);
  try {
    await twin.sampleForward(1);
    assert.unreachable('answered');
  } catch (error) {
    assert.match((error as Error).message, /ended; open .*nothing: No such file or directory/);
  } finally {
    await twin.close();
  }
});
Equal.run();

const Header = suite('bench/compiler layout.h');
Header('has the numbers of layout.ts and verdict.ts', () => {
  const lines = layoutHeader().split('\n');
  assert.ok(lines.includes('#define VIP_BYTES 64'));
  assert.ok(lines.includes('#define FORWARD_IPIP 2'));
  assert.is(lines.filter((line) => /^#define [A-Z][A-Z0-9_]* \d+$/.test(line)).length, lines.length - 3);
});
Header.run();
