// The tracking map: a record for every slot that changed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REGION_TABLES, TRACK_BYTES } from '../../assembly/layout.js';
import { createPieces } from '../support/module.js';
import { withSeeds } from '../support/random.js';

const Tracks = suite('flow/tracks');
const { memory, module, call } = createPieces();
const MAP = memory.region(REGION_TABLES).base;
const ENTRIES = 1024;
const MASK = ENTRIES - 1;

Tracks.before.each(() => {
  memory.bytes.fill(0, MAP, MAP + 2 * ENTRIES * TRACK_BYTES);
});

const enter = (slot: number, previous: number, learnUntil = 0, lastOther = 0, map = MAP): void => {
  call('tracksEnter', map, MASK, slot, previous, learnUntil, lastOther);
};
const trackOf = (slot: number, map = MAP): number => call('tracksTrackOf', map, MASK, slot);

Tracks('finds every slot that was entered, half full, and no other', () =>
  withSeeds([1, 2, 3], ({ int }) => {
    memory.bytes.fill(0, MAP, MAP + ENTRIES * TRACK_BYTES);
    const slots = new Map<number, number>();
    while (slots.size < ENTRIES / 2) slots.set(int(65_537), 1 + int(1000));
    for (const [slot, previous] of slots) enter(slot, previous);
    for (const [slot, previous] of slots) assert.is(call('tracksPreviousOf', trackOf(slot)), previous);
    for (let i = 0; i < 2000; i++) {
      const slot = int(65_537);
      if (!slots.has(slot)) assert.is(trackOf(slot), 0, `slot ${slot}`);
    }
    assert.is(call('countTracked', MAP, MASK), ENTRIES / 2);
  }),
);

Tracks('slot 0 is a slot like any other, and no map has no slots', () => {
  assert.is(trackOf(0), 0);
  enter(0, 9);
  assert.is(call('tracksPreviousOf', trackOf(0)), 9);
  assert.is(call('tracksTrackOf', 0, MASK, 0), 0);
});

Tracks('a window is open until its last tick, also when ticks go round', () => {
  enter(1, 9, 100);
  enter(2, 9, 5); // begun at 2^32 - 10
  const isLearning = (slot: number, tick: number): number => call('tracksIsLearning', trackOf(slot), tick);
  assert.equal(
    [99, 100, 101].map((tick) => isLearning(1, tick)),
    [1, 0, 0],
  );
  assert.equal(
    [2 ** 32 - 10, 0, 4, 5].map((tick) => isLearning(2, tick)),
    [1, 1, 1, 0],
  );
});

Tracks('notes when a packet took another backend', () => {
  enter(1, 9, 0, 50);
  call('tracksNoteOther', trackOf(1), 60);
  assert.is(call('tracksLastOther', trackOf(1)), 60);
  call('tracksNoteOther', 0, 61); // a slot without a record
});

Tracks('marks the previous backends of slots that are not released', () => {
  const marks = new Uint8Array(memory.memory.buffer, MAP + ENTRIES * TRACK_BYTES, 3);
  for (const [slot, previous] of [1, 8, 8, 9, 17].entries()) enter(slot, previous);
  call('tracksSetReleased', trackOf(3));
  module.markPrevious(MAP, MASK, marks.byteOffset);
  assert.equal([...marks], [0b10, 0b1, 0b10]);
});

Tracks('replaces previous backends by their successors, in every slot that has them', () => {
  for (let slot = 0; slot < 40; slot++) enter(slot, slot % 4);
  const successors = new Uint16Array(memory.memory.buffer, MAP + ENTRIES * TRACK_BYTES, 4);
  successors.set([0, 7, 0, 3]); // 1 has another index, 2 is gone
  module.replacePrevious(MAP, MASK, successors.byteOffset);
  for (let slot = 0; slot < 40; slot++) {
    assert.is(call('tracksPreviousOf', trackOf(slot)), [0, 7, 0, 3][slot % 4], `slot ${slot}`);
  }
});

Tracks('takes over what workers wrote to the old map meanwhile, never anything older', () => {
  const old = MAP + ENTRIES * TRACK_BYTES;
  enter(1, 9, 0, 70, old);
  enter(2, 9, 0, 40, old);
  enter(3, 9, 0, 90, old); // not in the new map
  enter(1, 9, 0, 50);
  enter(2, 9, 0, 50);
  module.mergeLastOther(old, MASK, MAP, MASK);
  assert.is(call('tracksLastOther', trackOf(1)), 70);
  assert.is(call('tracksLastOther', trackOf(2)), 50);
  assert.is(trackOf(3), 0);
});

Tracks.run();
