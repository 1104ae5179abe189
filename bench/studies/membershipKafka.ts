// bench/studies/membershipKafka.ts: from Kafka to the frames: a real balancer on one end of a cable, a client on the other, and a broker on
// the loopback address of the same network namespace, which is made for each study and goes with it (kafka/driver.ts).

import { labSupport } from '../../host/demo/lab/holder.js';
import { createLab, type Lab } from '../../host/demo/lab/lab.js';
import { LabProgram } from '../../host/demo/lab/program.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import type { Figure, StudyOptions } from '../studies.js';
import { prepareKafka } from './kafka/broker.js';
import type { DriverConfig, DriverReport } from './kafka/driver.js';

const DRIVER = new URL('kafka/driver.js', import.meta.url);
const TIMEOUT_MS = 600_000;

/** A study of that name. Where it cannot be had here, a note says why, and there are no figures. */
export function kafkaStudy(what: DriverConfig['what']): (options: StudyOptions) => Promise<Figure[]> {
  return async ({ rounds, signal, onStep, onNote }) => {
    const missing = await whatIsMissing();
    if (missing !== undefined) {
      onNote?.(`membership.${what}: left out: ${missing}`);
      return [];
    }
    onStep?.('making a network');
    await prepareKafka();
    signal?.throwIfAborted();
    await using lab = await createLab();
    const { kafka, figures } = await drive(lab, { what, rounds }, signal, onStep);
    onNote?.(`membership.${what}: with ${kafka}`);
    return figures.map((figure) => ({ ...figure, on: kafka }));
  };
}

async function whatIsMissing(): Promise<string | undefined> {
  const client = await loadKafka().then(
    () => undefined,
    (error: Error) => error.message,
  );
  return client ?? labSupport().reason;
}

async function drive(lab: Lab, config: DriverConfig, signal?: AbortSignal, onStep?: (step: string) => void) {
  const host = await lab.addHost('balancer');
  await host.ip(
    'link add name v0 address 02:00:00:00:00:01 type veth peer name v1',
    'link set dev v0 up',
    'link set dev v1 up',
    'address add 192.0.2.1/24 dev v0',
    'neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0', // the router to all backends
    'route add 10.0.0.0/8 via 192.0.2.2',
  );
  const program = new LabProgram<never, DriverReport>(host, DRIVER, config, (report) => {
    if (report.type === 'step') onStep?.(report.step);
  });
  const stop = () => void program.kill();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await program.first('done', TIMEOUT_MS);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
