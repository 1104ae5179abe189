// host/cli/run.ts: `maglev-dsr run`: a balancer until it is told to stop.
import { Command } from 'commander';
import { destination, pino } from 'pino';
import { createLoadBalancer, type LoadBalancer } from '../loadBalancer.js';
import { CONFIG_HELP, readConfig, readSurfaces } from './config.js';
import { untilStopped } from './stopSignal.js';
import { type OpenSurfaces, openSurfaces } from './surfaces.js';

const EVENTS = [
  'applied',
  'refused',
  'stale',
  'fresh',
  'panic',
  'serverIdConflict',
  'drained',
  'neighbour',
  'link',
] as const;
const STATS_MS = 1000;

const EXAMPLES = `Examples:
  $ maglev-dsr run --config lb.yaml
  $ maglev-dsr run --config lb.yaml --status-json --grace-ms 5000
`;

interface RunOptions {
  config: string;
  statusJson?: true;
  logLevel: string;
  graceMs: string;
}

/** The command `run`. */
export function runCommand(): Command {
  return new Command('run')
    .description('balance the VIPs of a configuration until SIGINT or SIGTERM')
    .requiredOption('-c, --config <file>', 'configuration (YAML), see below')
    .option('--status-json', 'a line of JSON on stdout for every event, and counters once a second')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent; the log goes to stderr', 'info')
    .option('--grace-ms <ms>', 'how long to go on forwarding after the signal', '0')
    .addHelpText(
      'after',
      `\nNeeds root, or CAP_NET_RAW and CAP_NET_ADMIN, and nft(8) unless divert is false.\n\n${EXAMPLES}\n${CONFIG_HELP}`,
    )
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const logger = pino({ level: options.logLevel, base: null }, destination({ dest: 2, sync: true }));
  const surfaces = readSurfaces(options.config);
  const balancer = await createLoadBalancer({ ...(await readConfig(options.config)), logger });
  if (options.statusJson) tellInJson(balancer);
  balancer.ready.then(
    () => logger.info(`ready: generation ${balancer.status().generation}`),
    () => undefined, // told below
  );
  const failed = new Promise<never>((_, reject) => balancer.ready.catch(reject));
  let opened: OpenSurfaces | undefined;
  try {
    opened = await openSurfaces(balancer, surfaces, logger);
    const signal = await Promise.race([untilStopped(), failed]);
    logger.info(`${signal}: stopping`);
  } finally {
    await Promise.all([opened?.sayGoodbye(), balancer.close({ graceMs: Number(options.graceMs) })]);
    await opened?.close();
  }
}

function tellInJson(balancer: LoadBalancer): void {
  const tell = (event: string, fields: object): void => {
    process.stdout.write(`${JSON.stringify({ event, at: Date.now(), ...fields })}\n`);
  };
  const stats = (): void => tell('stats', { ...balancer.stats(), status: balancer.status() });
  balancer.ready.then(
    () => {
      tell('ready', { generation: balancer.status().generation });
      stats();
    },
    () => undefined,
  );
  for (const event of EVENTS) {
    balancer.on(event, (e) => tell(event, e));
  }
  balancer.on('workerRestart', (e) => tell('workerRestart', e));
  balancer.on('error', (e) => tell('error', { code: e.code, message: e.message }));
  setInterval(stats, STATS_MS).unref();
}
