// host/cli/publishFrom.ts: `maglev-dsr publish-from kubernetes|docker`: keeps a topic in step with the endpoints of an orchestrator, until it is
// told to stop.
import { Argument, Command } from 'commander';
import { destination, type Logger, pino } from 'pino';
import { dockerSource } from '../orchestrators/docker/source.js';
import type { VipTarget } from '../orchestrators/edits.js';
import type { EndpointSource } from '../orchestrators/endpoints.js';
import { keepInStep, type StepEvent } from '../orchestrators/keepInStep.js';
import { kubernetesSource } from '../orchestrators/kubernetes/source.js';
import { noteLine, notingPublisher } from '../orchestrators/noting.js';
import { addKafkaOptions } from './kafkaOptions.js';
import { type PublishFromConfig, partFor, readPublishFromConfig } from './publishFromConfig.js';
import { addStepOptions, openPublisher, type StepCliOptions } from './stepOptions.js';
import { untilStopped } from './stopSignal.js';

const HELP = `
The file is YAML:
  id: cluster-a                  # name of this publisher in its records; two under one VIP need different ones. Default: the host's name
  graceMs: 30000                 # how long a backend drains that is gone, then its record is removed
  coalesceMs: 250                # changes of this time make one step; resyncMs: 60000, how often topic and lists are compared anyway
  kubernetes:                    # needs: npm install @kubernetes/client-node@1
    kubeconfig: /etc/kubeconfig  # default: as kubectl; in a pod, its service account. context: NAME
    services:
      - vip: tcp/192.0.2.80:80
        namespace: shop
        service: web
        port: http               # name of the port; encap: ipip, weight: 1, addressType: IPv4 or IPv6, notReady: down or draining
  docker:                        # containers of one Engine, by labels: maglev-dsr.vip=tcp/192.0.2.80:80, .weight=3, .network=web
    socket: /var/run/docker.sock
    vips: [{ vip: tcp/192.0.2.80:80, encap: ipip }]   # those that labels may name, and no others

Ready endpoints become active, those that terminate and still serve draining, those that do neither or are gone drain for graceMs and are
removed; those that are not ready are down. Of Docker: running and
healthy, or without a health check: active; told to stop: draining; starting, unhealthy or paused: down. Only records with this publisher's mark ("managed":{"by":ID}) are changed or removed, and no other
VIP is touched. The last active backend of a VIP stays unless --force is given. When the API is away, nothing is removed.

Without --force a step that is larger than --max-move is made in several. With --dry-run what would be published is printed, a line of
JSON each, and nothing is written; with --json also what is published. The log goes to stderr.

Exit code 0: stopped by SIGINT or SIGTERM, or in step with --once. 1: it could not begin, and why.

Examples:
  $ maglev-dsr publish-from kubernetes --config endpoints.yaml --kafka-config lb.yaml --dry-run --once
  $ maglev-dsr publish-from kubernetes --config endpoints.yaml --kafka-config lb.yaml`;

interface CliOptions extends StepCliOptions {
  config: string;
  once?: true;
  logLevel: string;
}

/** The command, for commander. */
export function publishFromCommand(): Command {
  const command = new Command('publish-from')
    .summary('keep a topic in step with container endpoints: Kubernetes, Docker')
    .description(
      'Watches the endpoints of containers and keeps the backends of VIPs in a Kafka topic in step, until SIGINT or SIGTERM.',
    )
    .addArgument(new Argument('<orchestrator>', 'where the endpoints are').choices(['kubernetes', 'docker']))
    .requiredOption('--config <file>', 'which endpoints are behind which VIP, see below')
    .option('--once', 'end when all is in step')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent; the log goes to stderr', 'info')
    .action(run);
  return addKafkaOptions(addStepOptions(command)).addHelpText('after', HELP);
}

async function run(orchestrator: string, cli: CliOptions): Promise<void> {
  const config = readPublishFromConfig(cli.config);
  const { source, targets } = await sourceOf(orchestrator, config, cli.config);
  const logger = pino({ level: cli.logLevel, base: null }, destination({ dest: 2, sync: true }));
  const publisher = await openPublisher(cli);
  const stop = new AbortController();
  untilStopped().then((signal) => {
    logger.info(`${signal}: stopping`);
    stop.abort();
  });
  try {
    for (const warning of publisher.warnings) logger.warn(warning);
    await keepInStep({
      ...config.times,
      ...{ source, targets, by: config.id, force: cli.force ?? false, once: cli.once ?? false },
      publisher: cli.dryRun ? notingPublisher(publisher.records, (noted) => print(noteLine(noted))) : publisher,
      signal: stop.signal,
      onEvent: (event) => tell(event, logger, cli),
    });
  } finally {
    await publisher.close();
  }
  // A watch that is being ended may hold the process for a moment; all that was to be written is acknowledged.
  process.exit();
}

async function sourceOf(
  orchestrator: string,
  { kubernetes, docker }: PublishFromConfig,
  path: string,
): Promise<{ source: EndpointSource; targets: readonly VipTarget[] }> {
  if (orchestrator === 'docker') {
    const options = partFor(docker, orchestrator, path);
    return { source: dockerSource(options), targets: options.vips };
  }
  const options = partFor(kubernetes, orchestrator, path);
  return { source: await kubernetesSource(options), targets: options.services };
}

function tell(event: StepEvent, logger: Logger, { json, dryRun }: CliOptions): void {
  if (event.type === 'away') logger.warn(`away: ${event.reason}; nothing is removed meanwhile`);
  else if (event.type === 'back') logger.info('following');
  else if (event.type === 'warning') logger.warn(event.text);
  else if (event.type === 'inStep') logger.info('in step');
  else if (!dryRun) {
    logger.info(`${event.vip}: ${event.edits.length} ${event.edits.length === 1 ? 'record' : 'records'} published`);
    if (json) for (const edit of event.edits) print(JSON.stringify(edit));
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
