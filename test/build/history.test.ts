// What a new table inherits: the four rules of build/history.ts, slot by slot.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BACKEND_BYTES,
  BACKEND_CAN_SERVE,
  REGION_BACKENDS,
  REGION_TABLES,
  SLOT_TRACKED,
  TRACK_BYTES,
  TRACKING_ALL,
  TRACKING_CHANGED,
  TRACKING_NONE,
} from '../../assembly/layout.js';
import { createPieces } from '../support/module.js';

const History = suite('build/history');
const { memory, module, call } = createPieces();
const SLOTS = 8;
const MASK = 31;
const LEARN = 20;
const IDLE = 50;
const { base } = memory.region(REGION_TABLES);
const [OLD_TABLE, TABLE, OLD_MAP, MAP] = [base, base + 64, base + 1024, base + 1024 + 32 * TRACK_BYTES] as const;
const A = 1;
const B = 2;
const C = 3;
const GONE = 4; // cannot serve

History.before.each(() => {
  memory.bytes.fill(0, base, base + 4096);
  for (const index of [A, B, C, GONE]) {
    const at = memory.region(REGION_BACKENDS).base + index * BACKEND_BYTES + BACKEND_CAN_SERVE;
    memory.view.setUint8(at, index === GONE ? 0 : 1);
  }
});

const write = (table: number, slots: readonly number[]): void => {
  slots.forEach((slot, i) => {
    memory.view.setUint16(table + 2 * i, slot, true);
  });
};
const read = (table: number): number[] => Array.from(new Uint16Array(memory.memory.buffer, table, SLOTS));

/** True when a slot has backend `index`, 1 to 7, as its previous one. */
function isPrevious(map: number, index: number): boolean {
  const marks = base + 4000;
  memory.bytes.fill(0, marks, marks + 1);
  module.markPrevious(map, MASK, marks);
  return (memory.view.getUint8(marks) & (1 << index)) !== 0;
}

interface Track {
  previous: number;
  learnUntil: number;
  lastOther: number;
}

function track(slot: number, map: number = MAP): Track | undefined {
  const at = call('tracksTrackOf', map, MASK, slot);
  if (at === 0) return undefined;
  return {
    previous: call('tracksPreviousOf', at),
    learnUntil: call('tracksLearnUntil', at),
    lastOther: call('tracksLastOther', at),
  };
}

/** inherit() from OLD_TABLE and OLD_MAP; countTracks() must have foretold how many records there would be. */
function inherit(tick: number, mode = TRACKING_CHANGED, oldMap: number = OLD_MAP): void {
  const foretold = call('countTracks', OLD_TABLE, oldMap, MASK, TABLE, SLOTS, mode);
  module.inherit(OLD_TABLE, oldMap, MASK, TABLE, SLOTS, MAP, MASK, mode, tick, LEARN, IDLE);
  assert.is(call('countTracked', MAP, MASK), foretold);
  read(TABLE).forEach((slot, i) => {
    assert.is((slot & SLOT_TRACKED) !== 0, track(i) !== undefined, `slot ${i} is marked as it is tracked`);
  });
}

History('counts the slots that moved, whether tracked or not', () => {
  write(OLD_TABLE, [A, A | SLOT_TRACKED, B, B, C, C, A, A]);
  write(TABLE, [A, A, B, C, C | SLOT_TRACKED, A, B, A]);
  assert.is(call('countMoved', OLD_TABLE, TABLE, SLOTS), 3);
});

History('not tracked: a slot that changed is tracked, one that did not is not', () => {
  write(OLD_TABLE, [A, A, B, B, C, C, A, A]);
  write(TABLE, [A, B, B, C, C, C, A, A]);
  inherit(100);
  assert.equal(track(1), { previous: A, learnUntil: 120, lastOther: 100 });
  assert.equal(track(3), { previous: B, learnUntil: 120, lastOther: 100 });
  assert.equal(read(TABLE), [A, B | SLOT_TRACKED, B, C | SLOT_TRACKED, C, C, A, A]);
});

History('not tracked: where the old backend cannot serve, or was nobody, there is nothing to remember', () => {
  write(OLD_TABLE, [GONE, 0, A, A, A, A, A, A]);
  write(TABLE, [A, A, A, A, A, A, A, A]);
  inherit(100);
  assert.is(call('countTracked', MAP, MASK), 0);
});

History('tracked: what does not change stays as it is, what changes keeps its previous and begins again', () => {
  write(OLD_TABLE, [A | SLOT_TRACKED, A | SLOT_TRACKED, A, A, A, A, A, A]);
  call('tracksEnter', OLD_MAP, MASK, 0, B, 110, 90);
  call('tracksEnter', OLD_MAP, MASK, 1, B, 110, 90);
  write(TABLE, [A, C, A, A, A, A, A, A]);
  inherit(100);
  assert.equal(track(0), { previous: B, learnUntil: 110, lastOther: 90 });
  assert.equal(track(1), { previous: B, learnUntil: 120, lastOther: 100 });
});

History('released: the slot counts as not tracked, though its record is still there', () => {
  write(OLD_TABLE, [A | SLOT_TRACKED, A | SLOT_TRACKED, A, A, A, A, A, A]);
  for (const slot of [0, 1]) call('tracksEnter', OLD_MAP, MASK, slot, B, 20, 0);
  assert.is(call('releaseTracks', OLD_TABLE, OLD_MAP, MASK, TRACKING_CHANGED, 100, IDLE), 0);
  assert.equal(read(OLD_TABLE).slice(0, 2), [A, A]);
  write(TABLE, [A, C, A, A, A, A, A, A]);
  inherit(100);
  assert.is(track(0), undefined);
  assert.equal(track(1), { previous: A, learnUntil: 120, lastOther: 100 });
});

History('releases when the window is over and nobody took another backend for an idle time', () => {
  write(
    OLD_TABLE,
    [A, A, A, A, A, A, A, A].map((slot) => slot | SLOT_TRACKED),
  );
  const records: [learnUntil: number, lastOther: number][] = [
    [100, 49], // both just over
    [101, 49], // the window is open for a tick more
    [100, 50], // a packet took another one 50 ticks ago: its flow may still live
    [90, 40],
  ];
  records.forEach(([learnUntil, lastOther], slot) => {
    call('tracksEnter', OLD_MAP, MASK, slot, B, learnUntil, lastOther);
  });
  assert.is(call('releaseTracks', OLD_TABLE, OLD_MAP, MASK, TRACKING_CHANGED, 100, IDLE), 2);
  assert.equal(read(OLD_TABLE).slice(0, 4), [A, A | SLOT_TRACKED, A | SLOT_TRACKED, A]);
  assert.is(call('countTracked', OLD_MAP, MASK), 2);
  assert.is(isPrevious(OLD_MAP, B), true);
});

History('tracking none: nothing, whatever changed', () => {
  write(OLD_TABLE, [A, A, A, A, A, A, A, A]);
  write(TABLE, [B, B, B, B, B, B, B, B]);
  inherit(100, TRACKING_NONE, 0);
  assert.equal(read(TABLE), [B, B, B, B, B, B, B, B]);
});

History('tracking all: every slot has a record; the first change sets its previous backend', () => {
  write(
    OLD_TABLE,
    [A, A, B, B, A, A, A, A].map((slot) => slot | SLOT_TRACKED),
  );
  for (let slot = 0; slot < SLOTS; slot++) call('tracksEnter', OLD_MAP, MASK, slot, 0, 10, 0);
  write(TABLE, [A, B, B, C, A, A, A, A]);
  inherit(100, TRACKING_ALL);
  assert.is(call('countTracked', MAP, MASK), SLOTS);
  assert.equal(track(0), { previous: 0, learnUntil: 10, lastOther: 0 });
  assert.equal(track(1), { previous: A, learnUntil: 120, lastOther: 100 });
});

History('tracking all: a slot is never released; only its previous backend is forgotten', () => {
  write(
    OLD_TABLE,
    [A, A, A, A, A, A, A, A].map((slot) => slot | SLOT_TRACKED),
  );
  for (let slot = 0; slot < SLOTS; slot++) call('tracksEnter', OLD_MAP, MASK, slot, slot < 4 ? B : 0, 100, 49);
  call('releaseTracks', OLD_TABLE, OLD_MAP, MASK, TRACKING_ALL, 99, IDLE);
  assert.is(isPrevious(OLD_MAP, B), true);
  assert.is(call('releaseTracks', OLD_TABLE, OLD_MAP, MASK, TRACKING_ALL, 100, IDLE), SLOTS);
  assert.is(isPrevious(OLD_MAP, B), false);
  assert.is(call('countTracked', OLD_MAP, MASK), SLOTS);
  assert.ok(read(OLD_TABLE).every((slot) => slot === (A | SLOT_TRACKED)));
});

History.run();
