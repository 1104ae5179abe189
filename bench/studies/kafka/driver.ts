// bench/studies/kafka/driver.ts: measures one thing in the network that membershipKafka.ts has made: v0 is the balancer's interface, v1
// the client's end of the same cable, and Kafka is on the loopback address.
import { readConfig, report } from '../../../host/demo/programs/parent.js';
import type { Figure } from '../../studies.js';
import { measureApply } from './apply.js';
import { type BenchKafka, openKafka } from './broker.js';
import { measureBurst } from './burst.js';
import { measureChurn } from './churn.js';
import { measureReplay } from './replay.js';

/** What is measured with. */
export interface Setting {
  kafka: BenchKafka;
  rounds: number;
  onStep(step: string): void;
}

const MEASUREMENTS = { apply: measureApply, burst: measureBurst, replay: measureReplay, churn: measureChurn };

export interface DriverConfig {
  what: keyof typeof MEASUREMENTS;
  rounds: number;
}

export type DriverReport = { type: 'step'; step: string } | { type: 'done'; kafka: string; figures: Figure[] };

const { what, rounds } = readConfig<DriverConfig>();
const onStep = (step: string): void => report<DriverReport>({ type: 'step', step });
onStep('starting Kafka');
const kafka = await openKafka();
try {
  const figures = await MEASUREMENTS[what]({ kafka, rounds, onStep });
  report<DriverReport>({ type: 'done', kafka: kafka.name, figures });
} finally {
  await kafka.close();
}
process.disconnect?.();
