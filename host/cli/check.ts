// host/cli/check.ts: `maglev-dsr check`: is a configuration right? Reads it and a members file; opens nothing.
import { Command } from 'commander';
import { readBalancerOptions } from '../balancerOptions.js';
import { Engine } from '../engine.js';
import { CONFIG_HELP, readConfig, readSurfaces } from './config.js';
import { readMembers } from './members.js';

/** The command `check`. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a configuration, and the members file it names, without starting anything')
    .requiredOption('-c, --config <file>', 'configuration (YAML), see below')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `\nNeeds no rights. Exit code 0: all is well; 1: the first thing that is not, on stderr.\n\nExample:\n  $ maglev-dsr check --config lb.yaml\n\n${CONFIG_HELP}`,
    )
    .action(check);
}

async function check({ config, json }: { config: string; json?: true }): Promise<void> {
  const options = await readConfig(config);
  readSurfaces(config);
  const settings = readBalancerOptions(options);
  const isFile = !settings.source.isShared;
  const changes = isFile ? await readMembers(settings.source) : [];
  const shape = { workers: 1, cells: 0, cellBytes: 0, ringsBytes: 0 };
  const engine = new Engine({ settings: settings.core, shape, sourceFor: () => undefined });
  await engine.apply(changes, { isAtomic: true });
  const vips = [...engine.vips.keys()].map((key) => ({ key, slots: Object.fromEntries(engine.slots(key)) }));
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: true, source: settings.source.name, vips })}\n`);
    return;
  }
  process.stdout.write(`${config}: all is well; membership from ${settings.source.name}\n`);
  for (const { key, slots } of vips) {
    const shares = Object.entries(slots).map(([address, count]) => `${address} ${count} slots`);
    process.stdout.write(`  ${key}: ${shares.join(', ') || 'no backends'}\n`);
  }
}
