// host/cli/fleetForget.ts: `maglev-dsr fleet forget ID`: a balancer that will not come back is silent no more.
import { Command } from 'commander';
import { MaglevError, optionError } from '../errors.js';
import { SILENT_MS_DEFAULT } from '../fleet/agreement.js';
import { readFleet } from '../fleet/fleetTopic.js';
import { statusKey } from '../fleet/statusRecord.js';
import { createPublisher } from '../membership/sources/publisher.js';
import { addFleetOptions, type FleetCliOptions, fleetTarget, needed } from './fleetOptions.js';
import { readMs } from './fleetStatus.js';

const HELP = `
A balancer that stops takes back what it said; one that was killed cannot, and is silent from then on. This takes it back for it: tombstones
for its records in the status topic. A balancer that still runs is refused, since it would report again.

Example:
  $ maglev-dsr fleet forget lb3.eth0 --brokers 10.0.0.5:9092 --status-topic balancer-status`;

/** The command, for commander. */
export function fleetForgetCommand(): Command {
  return addFleetOptions(
    new Command('forget')
      .summary('take back the reports of a balancer that is gone')
      .description('Removes the records of a balancer from the status topic.')
      .argument('<id>', 'the balancer')
      .option('--silent <ms>', 'one that has reported within so long still runs', readMs, SILENT_MS_DEFAULT)
      .addHelpText('after', HELP),
  ).action(run);
}

async function run(id: string, { silent, ...cli }: FleetCliOptions & { silent: number }): Promise<void> {
  const { connection, statusTopic, timeoutMs } = fleetTarget(cli);
  const topic = needed(statusTopic, '--status-topic');
  const { balancers } = await readFleet({ ...connection, topic }, timeoutMs);
  const found = balancers.find((balancer) => balancer.id === id);
  if (found === undefined) {
    throw optionError(
      'id',
      id,
      `has not reported; there are ${balancers.map((other) => other.id).join(', ') || 'none'}`,
    );
  }
  const ageMs = Date.now() - found.reportedAtMs;
  if (ageMs < silent) {
    throw new MaglevError(
      'ERR_BUSY',
      `${id} reported ${Math.round(ageMs / 1000)} s ago: it runs on ${found.record.host}, pid ${found.record.pid}`,
    );
  }
  const publisher = await createPublisher({ ...connection, topic, timeoutMs });
  try {
    const keys = [statusKey(id), ...[...found.tables.keys()].map((vip) => statusKey(id, vip))];
    await publisher.publish(keys.map((key) => ({ key, value: null })));
  } finally {
    await publisher.close();
  }
  process.stdout.write(`${id} is forgotten\n`);
}
