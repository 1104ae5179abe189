#!/usr/bin/env node
// host/cli/main.ts: the command `maglev-dsr`. One file per subcommand; each is loaded when it is asked for.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { MaglevError } from '../errors.js';
import { applyCommand } from './apply.js';
import { benchCommand } from './bench.js';
import { checkCommand } from './check.js';
import { decapCommand } from './decap.js';
import { demoCommand } from './demo.js';
import { drainCommand } from './drain.js';
import { explainCommand } from './explain.js';
import { fleetCommand } from './fleet.js';
import { keygenCommand } from './keygen.js';
import { pcapCommand } from './pcap.js';
import { planCommand } from './plan.js';
import { publishFromCommand } from './publishFrom.js';
import { removeCommand } from './remove.js';
import { runCommand } from './run.js';
import { schemaCommand } from './schema.js';
import { statusCommand } from './status.js';
import { undrainCommand } from './undrain.js';
import { weightCommand } from './weight.js';

const { version, description } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string };

const program = new Command('maglev-dsr')
  .description(`${description}.`)
  .version(version)
  .addHelpText(
    'after',
    `
Start here:
  maglev-dsr demo                          watch it work, in network namespaces of its own
  maglev-dsr check --config lb.yaml        is my configuration right?
  maglev-dsr run --config lb.yaml          balance
  maglev-dsr status --watch                what is it doing?
  maglev-dsr COMMAND --help                options and examples of a command
`,
  )
  .showHelpAfterError('(--help shows what there is)');

/** Headings of the help, and the commands below each. */
const GROUPS: Record<string, Command[]> = {
  'On a balancer:': [checkCommand(), runCommand(), statusCommand()],
  'On a backend:': [decapCommand()],
  'Membership in a Kafka topic:': [
    planCommand(),
    applyCommand(),
    drainCommand(),
    undrainCommand(),
    weightCommand(),
    removeCommand(),
    publishFromCommand(),
    keygenCommand(),
    schemaCommand(),
  ],
  'A fleet of balancers:': [fleetCommand()],
  'What would it do, and how fast:': [explainCommand(), pcapCommand(), demoCommand(), benchCommand()],
};
for (const [heading, commands] of Object.entries(GROUPS)) {
  for (const command of commands) program.addCommand(command.helpGroup(heading));
}

try {
  await program.parseAsync();
} catch (error) {
  // Our own errors say all there is to say; the stack of any other is for who mends it.
  process.stderr.write(
    `maglev-dsr: ${error instanceof MaglevError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
}
