// host/cli/explain.ts: `maglev-dsr explain`: why does this packet go there? Needs no rights and no network.
import { Command } from 'commander';
import { readBalancerOptions } from '../balancerOptions.js';
import { optionError } from '../errors.js';
import { createHotPath, type FiveTuple, type Step } from '../hotpath.js';
import { CONFIG_HELP, readConfig } from './config.js';
import { reachAll, readFileMembers } from './members.js';

const HELP = `
A flow is PROTOCOL SOURCE:PORT DESTINATION:PORT, IPv6 addresses in brackets; a frame is its bytes in hex, from the Ethernet header on.
Backends are taken for reachable. Without hashSecretFile in the configuration the secret is a random one, and the backend not that which your
fleet would choose.

Examples:
  $ maglev-dsr explain --config lb.yaml tcp 203.0.113.7:40000 192.0.2.80:80
  $ maglev-dsr explain --config lb.yaml udp [2001:db8::7]:40000 [2001:db8::80]:443 --json
  $ maglev-dsr explain --config lb.yaml --frame 020000000001...

`;

interface CliOptions {
  config: string;
  frame?: string;
  syn?: true;
  json?: true;
}

/** The command, for commander. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('why a packet goes where it goes, step by step')
    .description('Says step by step what a balancer with this configuration would do with a packet.')
    .argument('[flow...]', 'protocol, source and destination')
    .requiredOption('-c, --config <file>', 'configuration (YAML) whose membership is a file, see below')
    .option('--frame <hex>', 'a frame instead of a flow')
    .option('--syn', 'the first packet of a TCP connection; default: one of its middle')
    .option('--json', 'the steps as JSON')
    .addHelpText('after', `${HELP}${CONFIG_HELP}`)
    .action(explain);
}

async function explain(flow: string[], { config, frame, syn, json }: CliOptions): Promise<void> {
  if ((frame === undefined) === (flow.length === 0))
    throw optionError('flow', flow.join(' '), 'or --frame must be given, not both');
  const what = frame === undefined ? { ...readFlow(flow), isSyn: syn === true } : readHex(frame);
  const options = await readConfig(config);
  const { core, source } = readBalancerOptions(options);
  const changes = await readFileMembers(source);
  const hotPath = await createHotPath({
    ...(core.hashSecret !== undefined && { hashSecret: core.hashSecret }),
    panicShare: core.panicShare,
    vipsMax: core.vipsMax,
    backendsMax: core.backendsMax,
    sourceRoutesMax: core.sourceRoutesMax,
    ...(options.compat !== undefined && { compat: options.compat }),
    ...(options.katran !== undefined && { katran: options.katran }),
    mtu: 0,
    nextHops: reachAll(changes, '02:00:00:00:00:02'),
  });
  await hotPath.apply(changes);
  const steps = hotPath.explain(what);
  process.stdout.write(json ? `${JSON.stringify(steps)}\n` : format(steps));
}

function format(steps: Step[]): string {
  return steps.map(({ step, text }) => `${step.padEnd(8)} ${text}\n`).join('');
}

function readFlow([protocol = '', source = '', destination = '', ...more]: string[]): FiveTuple {
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp')
    throw optionError('protocol', protocol, 'must be tcp, udp or sctp');
  if (more.length > 0) throw optionError('flow', more.join(' '), 'is more than protocol, source and destination');
  const [from, to] = [readEnd('source', source), readEnd('destination', destination)];
  return { protocol, source: from.address, sourcePort: from.port, destination: to.address, destinationPort: to.port };
}

function readEnd(field: string, text: string): { address: string; port: number } {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (found === null) throw optionError(field, text, 'must be ADDRESS:PORT or [ADDRESS]:PORT');
  return { address: found[1] ?? (found[2] as string), port: Number(found[3]) };
}

function readHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw optionError('--frame', text, 'must be pairs of hex digits');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
