// host/membership/planned.ts: what a change would do, as plan() tells it.
import type { Panic } from './effective.js';
import type { ServerIdConflict } from './names.js';

/** What a change does to one backend of a VIP, in slots of the lookup table. */
export interface PlannedBackend {
  /** In canonical form. */
  address: string;
  /** Slots it has. */
  slotsBefore: number;
  /** Slots it will have. */
  slotsAfter: number;
  /** Slots it gets from others. */
  gained: number;
  /** Slots it gives to others. */
  lost: number;
}

/** What a change does to one VIP. A slot is as much of the flow space as any other: slotsMoved / slotCount of new flows move. */
export interface Plan {
  /** Key of the VIP. */
  vip: string;
  /** Whether the VIP comes, stays or goes. */
  change: 'added' | 'changed' | 'removed';
  /** Slots of the table as it will be; of a VIP that is removed, as it was. */
  slotCount: number;
  /** As `Applied.slotsMoved` will count them. */
  slotsMoved: number;
  /** slotsMoved / slotCount, 0..1. */
  share: number;
  /**
   * The least number of slots that must move for the new shares: what all backends gain together, or lose, whichever is more.
   * All that move, when the table gets another size or hash, or the VIP goes.
   */
  necessary: number;
  /** What moves beside: Maglev's price for tables that are a function of their backends alone. */
  collateral: number;
  /** True when backends had slots and none will. */
  isEmptied: boolean;
  /** Whether backends that were taken out will count as active (panicShare). */
  panic: Panic;
  /**
   * Server ids and source routes that will lead elsewhere: to another backend, or to one, or to none. Packets that they name go there at
   * once, but for flows that the flow table knows; none of that is among the slots.
   */
  namesMoved: number;
  /** Backends that will have a server id which another has as well. */
  serverIdConflicts: readonly ServerIdConflict[];
  /** All that have slots before or after, in the order of their addresses before, then new ones. */
  backends: PlannedBackend[];
  /**
   * Set when a backend will be in slow start: what stands above is then the table of the step that it is in now, and this is what will have
   * moved, from the table that is live, when all have their whole weight.
   */
  afterSlowStart?: {
    /** Unix time, ms. */
    atMs: number;
    slotsMoved: number;
    share: number;
    backends: PlannedBackend[];
  };
}
