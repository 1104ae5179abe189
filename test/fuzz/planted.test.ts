// The fuzzer finds what it is there for: each bug of planted.ts, within some hundred thousand frames; and nothing where none was
// planted (quick.test.ts).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildMutant, FRAMES_TO_FIND, findBug, openNursery } from './mutants.js';
import { PLANTED } from './planted.js';

const Bugs = suite('fuzz/planted');
const SEED = 20261124;

const nursery = await openNursery();
Bugs.after(() => nursery.remove());

Bugs('there are ten at least, each of its own', () => {
  assert.ok(PLANTED.length >= 10);
  assert.is(new Set(PLANTED.map(({ name }) => name)).size, PLANTED.length);
});

for (const planted of PLANTED) {
  Bugs(`finds it when ${planted.name}`, async () => {
    const found = await findBug(await buildMutant(planted, nursery.folder), FRAMES_TO_FIND, SEED);
    assert.ok(found, `not found in ${FRAMES_TO_FIND} frames from seed ${SEED}`);
  });
}

Bugs('finds nothing in the sources as they are, compiled the same way', async () => {
  const nothing = {
    name: 'nothing',
    file: 'parse.ts',
    find: 'export let frame: usize = 0;',
    replace: 'export let frame: usize = 0;',
  };
  const found = await findBug(await buildMutant(nothing, nursery.folder), 100_000, SEED);
  assert.is(found?.message, undefined);
});

Bugs.run();
