// test/conformance/main.ts: `npm run conformance`: vectors of another system through our hot path, case by case.
import { Command, Option } from 'commander';
import { runKatran } from './katran/run.js';
import type { FamilyOutcome } from './outcome.js';

interface Options {
  family: string[];
  json?: true;
}

const HELP = `
The folder has provisioning.json and a file a family, in the format of its README.md. Families and cases may be missing; those that are
there run in the order of \`seq\`, since the connection table carries over from case to case.

A line is printed for each case that fails, with the bytes that differ. N counts cases; counters of a family that differ from those
observed in Katran are one failure of it. Exit code: 0 when nothing failed, 1 when something did, 2 when the folder could not be read.

Examples:
  $ npm run conformance -- katran ../shared/vectors/katran
  $ npm run conformance -- katran DIR --family base_ipip --family base_gue`;

const command = new Command('conformance')
  .description("Runs another system's test vectors through the hot path with compat, and compares every byte.")
  .argument('<system>', 'whose vectors: katran')
  .argument('<folder>', 'where they are')
  .addOption(
    new Option('--family <name>', 'only this family; again for more')
      .default([], 'all')
      .argParser((name: string, names: string[]) => [...names, name]),
  )
  .option('--json', 'the outcome as JSON')
  .addHelpText('after', HELP)
  .action(run);

await command.parseAsync();

async function run(system: string, folder: string, { family, json }: Options): Promise<void> {
  try {
    if (system !== 'katran') throw new Error(`system ${system}: only katran is known`);
    const { families, absent } = await runKatran(folder, family, json ? undefined : printFamily);
    const passed = families.reduce((sum, outcome) => sum + outcome.passed, 0);
    const failed = families.reduce((sum, outcome) => sum + outcome.failures.length, 0);
    if (json) console.log(JSON.stringify({ families, absent, passed, failed }));
    else {
      if (family.length === 0 && absent.length > 0) console.log(`not in this folder: ${absent.join(', ')}`);
      printWithout(families);
      console.log(`${passed} passed, ${failed} failed`);
    }
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(`conformance: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}

function printFamily({ family, passed, failures, skipped, counters }: FamilyOutcome): void {
  if (skipped !== undefined) {
    console.log(`- ${family}: skipped: ${skipped.cases} cases: ${skipped.why}`);
    return;
  }
  const agree = counters === undefined ? '' : `, ${counters.agree.length} counters agree`;
  const count = failures.length > 0 ? `${passed} passed, ${failures.length} failed` : `${passed} passed`;
  console.log(`${failures.length > 0 ? '✗' : '✓'} ${family}: ${count}${agree}`);
  for (const { name, why } of failures) console.log(`  ${name}: ${why}`);
}

/** Each counter that was not compared, once, with the reason. */
function printWithout(families: readonly FamilyOutcome[]): void {
  const reasons = new Map<string, string[]>();
  for (const { family, counters } of families) {
    for (const { name, why } of counters?.without ?? []) {
      const key = `${name}: ${why}`;
      reasons.set(key, [...(reasons.get(key) ?? []), family]);
    }
  }
  if (reasons.size === 0) return;
  console.log('counters that were not compared:');
  for (const [reason, where] of reasons) console.log(`  ${reason} (${where.join(', ')})`);
}
