// host/cli/decap.ts: `maglev-dsr decap`: the receiving end of tunnels on a backend, until it is told to stop.
import { Command } from 'commander';
import { destination, pino } from 'pino';
import type { TunnelType } from '../decap/decapStatus.js';
import { createDecapsulator, type Decapsulator } from '../decap/decapsulator.js';
import { optionError } from '../errors.js';
import { untilStopped } from './stopSignal.js';

const STATS_MS = 1000;

const HELP = `
For a backend, or a container, whose kernel has no tunnel modules. Outer packets (IPIP, GUE, GRE, over IPv4 and IPv6) that come in by the
interface are taken out of their tunnel and come in a second time, as the client sent them, by the TUN device. The host's own stack does
not see the outer ones. Device and rules are gone when this ends, however it ends.

Whoever may send outer packets can send this host packets with any source address, so --source has no default: name the balancers, or say
any where something else keeps strangers out. Packets inside reach this host's own addresses only, those of the interface excepted, unless
--inner says otherwise: put VIPs on lo. Needs root, or CAP_NET_RAW and CAP_NET_ADMIN; nft(8), unless --no-divert; /dev/net/tun.

On a backend of tcp/192.0.2.80:80 behind the balancers 10.0.0.2 and 10.0.0.3:
  $ ip address add 192.0.2.80/32 dev lo
  $ maglev-dsr decap --interface eth0 --source 10.0.0.2,10.0.0.3
`;

interface CliOptions {
  interface: string;
  source: string[];
  tun: string;
  type?: string[];
  guePort?: string[];
  local?: string[];
  inner?: string[];
  zeroChecksum6?: true;
  rxFrames?: string;
  divert: boolean;
  json?: true;
  logLevel: string;
}

/** The command, for commander. */
export function decapCommand(): Command {
  return new Command('decap')
    .summary('on a backend: takes packets out of their tunnels')
    .description(
      'Takes packets out of IPIP, GUE and GRE and hands them to this host by a TUN device, until SIGINT or SIGTERM.',
    )
    .requiredOption('-i, --interface <name>', 'interface that outer packets come by')
    .requiredOption('--source <prefixes>', 'balancers: addresses or prefixes that may send, or any', list)
    .option('--tun <name>', 'name of the TUN device that is made', 'decap0')
    .option('--type <types>', 'tunnels that end here, of ipip,gue,gre (default: all)', list)
    .option('--gue-port <ports>', 'UDP ports of GUE (default: 6080)', list)
    .option('--local <addresses>', 'addresses that outer packets are to (default: those of the interface)', list)
    .option('--inner <prefixes>', "what packets inside may be to, or any (default: the host's other addresses)", list)
    .option('--zero-checksum6', 'take GUE over IPv6 without a UDP checksum')
    .option('--rx-frames <count>', 'frames of the receive ring, 16..65536 (default: 1024)')
    .option('--no-divert', "leave the host's stack alone: it will answer outer packets that it does not know")
    .option('--json', 'a line of JSON on stdout for every event, and counters once a second')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent; the log goes to stderr', 'info')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(cli: CliOptions): Promise<void> {
  const logger = pino({ level: cli.logLevel, base: null }, destination({ dest: 2, sync: true }));
  const decapsulator = await createDecapsulator({
    interface: cli.interface,
    sources: anyOr(cli.source),
    tun: cli.tun,
    ...(cli.type && { types: cli.type as TunnelType[] }),
    ...(cli.guePort && { guePorts: cli.guePort.map(Number) }),
    ...(cli.local && { locals: cli.local }),
    ...(cli.inner && { inners: anyOr(cli.inner) }),
    ...(cli.rxFrames !== undefined && { rxFrames: Number(cli.rxFrames) }),
    zeroChecksum6: cli.zeroChecksum6 ?? false,
    divert: cli.divert,
    logger,
  });
  const { tun, locals, inners } = decapsulator.status();
  logger.info(`ready: ${cli.interface} to ${tun}; outer packets to ${text(locals)}, packets inside to ${text(inners)}`);
  if (cli.json) tellInJson(decapsulator);
  const died = new Promise<never>((_, reject) => {
    decapsulator.on('error', (error) => error.code === 'ERR_INTERNAL' && reject(error));
  });
  try {
    const signal = await Promise.race([untilStopped(), died]);
    logger.info(`${signal}: stopping`);
  } finally {
    await decapsulator.close();
  }
}

function tellInJson(decapsulator: Decapsulator): void {
  const tell = (event: string, fields: object): void => {
    process.stdout.write(`${JSON.stringify({ event, at: Date.now(), ...fields })}\n`);
  };
  const stats = (): void => tell('stats', { ...decapsulator.stats(), status: decapsulator.status() });
  tell('ready', { status: decapsulator.status() });
  stats();
  for (const event of ['addresses', 'link'] as const) decapsulator.on(event, (e) => tell(event, e));
  decapsulator.on('error', (e) => tell('error', { code: e.code, message: e.message }));
  setInterval(stats, STATS_MS).unref();
}

/** Separated by commas; may be said several times. */
function list(value: string, before: string[] | undefined): string[] {
  const values = value.split(',').map((part) => part.trim());
  if (values.includes('')) throw optionError('list', value, 'must not have empty places');
  return [...(before ?? []), ...values];
}

function anyOr(values: string[]): string[] | 'any' {
  return values.length === 1 && values[0] === 'any' ? 'any' : values;
}

function text(values: readonly string[]): string {
  if (values.length === 0) return 'nothing yet';
  return values.length > 4 ? `${values.slice(0, 3).join(', ')} and ${values.length - 3} more` : values.join(', ');
}
