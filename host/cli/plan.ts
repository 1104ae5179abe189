// host/cli/plan.ts: `maglev-dsr plan`: how many flows would a change move? Compares two members files; needs no rights and no network.
import { Command } from 'commander';
import { createHotPath, type Plan } from '../hotpath.js';
import { readDeclared } from '../membership/declared.js';
import { changeOfDifference, differences, payload, type RecordMap } from '../membership/difference.js';
import type { Change } from '../membership/event.js';
import { formatConflict } from '../membership/names.js';
import { refusalError } from '../membership/refusal.js';
import { readText } from './yamlFile.js';

const HELP = `
For every VIP that differs: slots of its lookup table that change their backend, as a share of new flows; how many of them the new shares
ask for, and how many backends that stay exchange beside (collateral); and what each backend gains and loses. With the default
tracking, flows that live stay where they are all the same; these figures are about where new ones go.

Which slots move depends on the fleet's secret, how many hardly does.

Example:
  $ maglev-dsr plan members.yaml members-new.yaml
`;

interface CliOptions {
  json?: true;
  secretFile?: string;
}

/** The command, for commander. */
export function planCommand(): Command {
  return new Command('plan')
    .summary('what a change of membership would move')
    .description('Says what would move if membership became what another file says.')
    .argument('<from>', 'members file (YAML) as it is')
    .argument('<to>', 'members file as it is to be')
    .option('--secret-file <file>', "the fleet's secret, for its very slots. Default: a random one")
    .option('--json', 'the plan as JSON')
    .addHelpText('after', HELP)
    .action(plan);
}

async function plan(from: string, to: string, { json, secretFile }: CliOptions): Promise<void> {
  const [before, after] = [readRecords(from), readRecords(to)];
  const secret = secretFile === undefined ? undefined : readText(secretFile, '--secret-file').replace(/\r?\n$/, '');
  const hotPath = await createHotPath({
    ...(secret !== undefined && { hashSecret: secret }),
    ...limitsFor(before, after),
  });
  await hotPath.apply([...before.values()].map((record) => ({ put: payload(record) }) as Change));
  const plans = hotPath.plan(differences(before, after).map(changeOfDifference));
  process.stdout.write(json ? `${JSON.stringify(plans)}\n` : plans.map(format).join('\n') || 'nothing moves\n');
}

/** Room for both files at once. */
function limitsFor(...files: RecordMap[]): {
  vipsMax: number;
  backendsMax: number;
  tablesMiB: number;
  sourceRoutesMax: number;
} {
  const records = files.flatMap((file) => [...file.values()]);
  const slots = files.map((file) =>
    [...file.values()].reduce((sum, record) => sum + (record.kind === 'vip' ? (record.vip.tableSize ?? 65_537) : 0), 0),
  );
  const vips = Math.min(30_000, Math.max(1, records.filter(({ kind }) => kind === 'vip').length));
  const backends = Math.min(32_767, Math.max(1, records.length));
  const routes = files.map((file) =>
    [...file.values()].reduce(
      (sum, record) => sum + (record.kind === 'vip' ? Object.keys(record.vip.sourceRoutes ?? {}).length : 0),
      0,
    ),
  );
  // Two bytes a slot, and as much again while one table is built.
  return {
    vipsMax: vips,
    backendsMax: backends,
    tablesMiB: Math.min(2048, 16 + Math.ceil((6 * Math.max(...slots) + 128 * Math.max(...routes)) / 2 ** 20)),
    sourceRoutesMax: Math.min(1_000_000, Math.max(...routes)),
  };
}

function format({
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

function readRecords(path: string): RecordMap {
  const { records, refusals } = readDeclared(readText(path, 'members'), path);
  if (refusals[0] !== undefined) throw refusalError(refusals[0]);
  return records as RecordMap;
}
