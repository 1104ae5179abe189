// host/cli/pcap.ts: `maglev-dsr pcap`: a capture through the whole pipeline, without root and without a network.
import { Command, Option } from 'commander';
import { type LoadBalancerOptions, readBalancerOptions } from '../balancerOptions.js';
import { optionError } from '../errors.js';
import { macBytes } from '../mac.js';
import type { Core } from '../options.js';
import { runCapture, type Summary } from '../pcap/run.js';
import { CONFIG_HELP, readConfig } from './config.js';
import { reachAll, readFileMembers } from './members.js';
import { openProgress } from './progress.js';
import { untilStopped } from './stopSignal.js';

const MTU = [68, 65_535] as const;

const HELP = `
Reads classic pcap and pcapng with Ethernet frames, of any size: memory stays bounded. The time of the capture is the hot path's, so flows
age as they did. Frames are taken for sent to us, whatever their MAC addresses say.

What leaves is written to --out, with the time of the frame it came from; --verdicts gets a line of JSON for each frame read:
  {"frame":1,"time":"1700000000.000000000","verdict":"FORWARD_IPIP","vip":"tcp/192.0.2.80:80","backend":"10.0.1.9","outputs":[98]}
Without hashSecretFile in the configuration the secret is a random one, and backends are not those that your fleet would choose.

Example:
  $ maglev-dsr pcap in.pcap --config lb.yaml --out out.pcap --verdicts out.jsonl

`;

interface CliOptions {
  config: string;
  out?: string;
  verdicts?: string;
  mtu: number;
  mac: string;
  nextHopMac: string;
  json?: true;
}

/** The command, for commander. */
export function pcapCommand(): Command {
  return new Command('pcap')
    .summary('a capture through the whole pipeline, without root')
    .description('Takes the frames of a capture to their verdicts, as a balancer with this configuration would.')
    .argument('<capture>', 'pcap or pcapng file')
    .requiredOption('-c, --config <file>', 'configuration (YAML) whose membership is a file, see below')
    .option('--out <file>', 'capture of the frames that leave')
    .option('--verdicts <file>', 'verdicts, a line of JSON for each frame')
    .addOption(
      new Option('--mtu <bytes>', `MTU towards backends, ${MTU[0]}..${MTU[1]}`).default(1500).argParser(readMtu),
    )
    .option('--mac <address>', 'our own MAC address in frames that leave', '02:00:00:00:00:01')
    .option('--next-hop-mac <address>', 'MAC address by which all backends are reached', '02:00:00:00:00:02')
    .option('--json', 'the summary as JSON')
    .addHelpText('after', `${HELP}${CONFIG_HELP}`)
    .action(run);
}

async function run(path: string, cli: CliOptions): Promise<void> {
  macBytes(cli.mac, '--mac');
  macBytes(cli.nextHopMac, '--next-hop-mac');
  const options = await readConfig(cli.config);
  const { source } = readBalancerOptions(options);
  const changes = await readFileMembers(source);
  const stop = new AbortController();
  untilStopped().then((signal) => stop.abort(signal));
  const progress = openProgress();
  const summary = await runCapture({
    ...coreOf(options),
    path,
    changes,
    mtu: cli.mtu,
    mac: cli.mac,
    nextHops: reachAll(changes, cli.nextHopMac),
    ...(cli.out !== undefined && { out: cli.out }),
    ...(cli.verdicts !== undefined && { verdicts: cli.verdicts }),
    signal: stop.signal,
    onProgress: progress.show,
  }).finally(progress.clear);
  process.stdout.write(cli.json ? `${JSON.stringify(summary)}\n` : format(summary));
  if (!stop.signal.aborted) return;
  process.stderr.write(`maglev-dsr: pcap stopped: ${stop.signal.reason}\n`);
  process.exitCode = 1;
}

/** What a hot path and a balancer have in common: limits, times, the secret. Interfaces and the like have no meaning here. */
function coreOf({
  interfaces,
  source,
  announce,
  divert,
  healthChecks,
  batchFrames,
  signal,
  logger,
  workerUrl,
  ...core
}: LoadBalancerOptions): Core {
  return core;
}

function format({ frames, outputs, octets, verdicts, backends }: Summary): string {
  const lines = [`${frames} frames, ${octets} bytes; ${outputs} frames left`, ''];
  for (const [verdict, count] of Object.entries(verdicts))
    lines.push(`  ${verdict.padEnd(28)}${`${count}`.padStart(12)}`);
  if (Object.keys(backends).length > 0)
    lines.push('', `  ${'backend'.padEnd(56)}${'frames'.padStart(12)}${'bytes'.padStart(16)}`);
  for (const [name, traffic] of Object.entries(backends)) {
    lines.push(`  ${name.padEnd(56)}${`${traffic.frames}`.padStart(12)}${`${traffic.octets}`.padStart(16)}`);
  }
  return `${lines.join('\n')}\n`;
}

function readMtu(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= MTU[0] && value <= MTU[1]) return value;
  throw optionError('--mtu', text, `must be an integer of ${MTU[0]}..${MTU[1]}`);
}
