// test/conformance/katran/run.ts: every family of a folder of Katran vectors, each by what runs it.
import type { FamilyOutcome } from '../outcome.js';
import { type FrameCase, RINGS, type VectorFamily, VectorFolder } from './format.js';
import { runBalancer, runHealthChecks, runServer } from './frames.js';
import { runRings } from './rings.js';
import { runSimulator } from './simulator.js';

type Runner = (folder: VectorFolder, name: string) => Promise<FamilyOutcome> | FamilyOutcome;

/** Families of other programs than a balancer's. */
const NOT_OURS: Record<string, string> = {
  tc_srcmatch: 'rewriting the inner source address on a real server is no job of a balancer',
};

/** What came of a folder. */
interface KatranRun {
  families: FamilyOutcome[];
  /** Families that provisioning.json knows, and that have no file here. */
  absent: string[];
}

/**
 * Runs the families of `path`, or those of `only`. Throws when the folder cannot be read or has no such family; what goes wrong in a
 * family is its failure. `heard` is told of each as it is done.
 */
export async function runKatran(
  path: string,
  only: readonly string[] = [],
  heard?: (outcome: FamilyOutcome) => void,
): Promise<KatranRun> {
  const folder = new VectorFolder(path);
  const unknown = only.filter((name) => !folder.families.includes(name));
  if (unknown.length > 0)
    throw new Error(`${path} has no family ${unknown.join(', ')}; there are ${folder.families.join(', ')}`);
  const families: FamilyOutcome[] = [];
  for (const name of only.length > 0 ? only : folder.families) {
    const outcome = await runFamily(folder, name);
    families.push(outcome);
    heard?.(outcome);
  }
  for (const file of only.length > 0 ? [] : folder.strangers) {
    const outcome = failed(file.replace(/\.json$/, ''), new Error('provisioning.json knows no such family'));
    families.push(outcome);
    heard?.(outcome);
  }
  return { families, absent: folder.absent };
}

async function runFamily(folder: VectorFolder, name: string): Promise<FamilyOutcome> {
  try {
    const why = NOT_OURS[name];
    if (why === undefined) return await runnerOf(name, folder.family(name))(folder, name);
    return { family: name, passed: 0, failures: [], skipped: { cases: folder.cases<FrameCase>(name).length, why } };
  } catch (error) {
    return failed(name, error as Error);
  }
}

function runnerOf(name: string, { profiles, program }: VectorFamily): Runner {
  if (name === RINGS) return runRings;
  if (name === 'simulator') return runSimulator;
  if (name.startsWith('healthcheck')) return runHealthChecks;
  if (name.startsWith('server_decap')) return runServer;
  if (profiles !== undefined && program === undefined) return runBalancer;
  throw new Error(`nothing runs the program "${program ?? 'without profiles'}"`);
}

function failed(family: string, { message }: Error): FamilyOutcome {
  return { family, passed: 0, failures: [{ name: family, why: message }] };
}
