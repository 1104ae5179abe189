// host/cli/planText.ts: what a change moves, in lines for a terminal.
import { formatConflict } from '../membership/names.js';
import type { Plan } from '../membership/planned.js';

/** The plan of one VIP, in lines. */
export function formatPlan({
  vip,
  change,
  slotCount,
  slotsMoved,
  share,
  necessary,
  collateral,
  isEmptied,
  panic,
  namesMoved,
  serverIdConflicts,
  backends,
  afterSlowStart: full,
}: Plan): string {
  const moved = `${slotsMoved} of ${slotCount} slots move, ${(100 * share).toFixed(2)} %`;
  const notes = [
    isEmptied && 'NO BACKEND IS LEFT',
    panic !== 'none' && 'backends that were taken out count as active',
    full !== undefined &&
      `slow start: this is how it begins; at ${new Date(full.atMs).toISOString()} ${full.slotsMoved} slots have moved, ${(100 * full.share).toFixed(2)} %`,
    namesMoved > 0 && `${namesMoved} server ids or source routes lead elsewhere`,
    ...serverIdConflicts.map(formatConflict),
  ].filter(Boolean);
  const lines = [
    `${vip}: ${change}; ${moved}: ${necessary} necessary, ${collateral} collateral`,
    ...notes.map((note) => `  ${note}`),
  ];
  for (const { address, slotsBefore, slotsAfter, gained, lost } of backends) {
    lines.push(
      `  ${address.padEnd(40)}${`${slotsBefore}`.padStart(9)} ->${`${slotsAfter}`.padStart(9)}   +${gained} -${lost}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
