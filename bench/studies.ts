// bench/studies.ts: measurements that are no race with C: each runs by itself and tells its figures. Those that take no time are measured
// when nothing is named, the others only by name.
import { kafkaStudy } from './studies/membershipKafka.js';
import { studyStart } from './studies/membershipStart.js';
import { studyMemory } from './studies/memory.js';

/** One number, measured again in each round. */
export interface Figure {
  name: string;
  unit: 'ms' | 'bytes' | 'MiB' | 'tables' | 'times' | 'a second';
  rounds: number[];
  /** What it is to be below. */
  aim?: number;
  /** Which Kafka it was measured with. */
  on?: string;
}

/** How often, and who wants to know. */
export interface StudyOptions {
  rounds: number;
  signal?: AbortSignal;
  /** Called before each step, for a progress display. */
  onStep?(step: string): void;
  /** Something that is not a figure: what cannot be measured here, and why. */
  onNote?(note: string): void;
}

export interface Study {
  name: string;
  /** Measured when the user names nothing. */
  isDefault?: boolean;
  run(options: StudyOptions): Promise<Figure[]>;
}

export const STUDIES: readonly Study[] = [
  { name: 'memory', run: studyMemory, isDefault: true },
  { name: 'membership.start', run: studyStart },
  { name: 'membership.apply', run: kafkaStudy('apply') },
  { name: 'membership.burst', run: kafkaStudy('burst') },
  { name: 'membership.replay', run: kafkaStudy('replay') },
  { name: 'membership.churn', run: kafkaStudy('churn') },
];

/** The studies that `only` names, by name or its beginning, and the names that are of no study. */
export function chooseStudies(only?: readonly string[]): { studies: Study[]; others: string[] } {
  if (only === undefined) return { studies: STUDIES.filter(({ isDefault }) => isDefault), others: [] };
  const isNamed = (study: Study, name: string) => study.name === name || study.name.startsWith(`${name}.`);
  return {
    studies: STUDIES.filter((study) => only.some((name) => isNamed(study, name))),
    others: only.filter((name) => !STUDIES.some((study) => isNamed(study, name))),
  };
}
