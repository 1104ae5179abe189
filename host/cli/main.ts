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
  maglev-dsr demo                        watch it work, in network namespaces of its own
  maglev-dsr check --config lb.yaml      is my configuration right?
  maglev-dsr run --config lb.yaml        balance
  maglev-dsr status --watch              what is it doing?
  maglev-dsr apply members.yaml --brokers 10.0.0.5:9092 --topic balancer-members
  maglev-dsr fleet status --kafka-config lb.yaml   do all balancers have the same tables?
  maglev-dsr drain --address 10.0.1.9 --wait --kafka-config lb.yaml   before a backend is switched off
  maglev-dsr plan members.yaml members-new.yaml   how many flows would that move?
  maglev-dsr explain --config lb.yaml tcp 203.0.113.7:40000 192.0.2.80:80   why there?
  maglev-dsr pcap in.pcap --config lb.yaml --out out.pcap   what would it do with these frames?
  maglev-dsr decap --interface eth0 --source 10.0.0.0/24   on a backend: take packets out of their tunnels
  maglev-dsr bench                       nanoseconds per frame, beside C
`,
  )
  .showHelpAfterError('(--help shows what there is)');
for (const command of [
  runCommand(),
  checkCommand(),
  statusCommand(),
  fleetCommand(),
  applyCommand(),
  decapCommand(),
  drainCommand(),
  undrainCommand(),
  weightCommand(),
  removeCommand(),
  publishFromCommand(),
  demoCommand(),
  planCommand(),
  explainCommand(),
  pcapCommand(),
  schemaCommand(),
  keygenCommand(),
  benchCommand(),
]) {
  program.addCommand(command);
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
