// bench/cases.ts: the results there are, by name, and which of them a user asked for.
//   core.{ipip4,ipip6,gue4,gue6,gre4,gre6,l2,l2v6}.{stateless,tracked}   ns a frame
//   core.ipip4.flows1m                 the same with 1,048,576 flows in the flow table
//   core.default.{zipf,uniform}        the same with 1,000 VIPs and their default, changed-slot tracking; zipf beside the stateless path too
//   core.ipip4.stateless.jhash         stateless, but its scalar C hashes with the jhash of Linux
//   table.build.SLOTS                  ms to fill a lookup table for 1,000 backends, or --backends
import { optionError } from '../host/errors.js';
import { SHAPE_DEFAULT, type Shape } from './shape.js';

/** One result to be measured. */
export interface Case {
  name: string;
  kind: 'core' | 'jhash' | 'table';
  shape: Shape;
  /** Measured when the user names nothing. */
  isDefault: boolean;
  /** What the default path may cost: our own path on this scene, stateless and with one VIP, takes turns with it. */
  stateless?: { shape: Shape /** What ours / stateless is to be below. */; aim: number };
}

/** What narrows the choice. What is left out narrows nothing. */
export interface Choice {
  encap?: Shape['encap'];
  family?: Shape['family'];
  tracking?: Shape['tracking'];
  /** Names, or beginnings of names up to a dot: `core`, `core.ipip4`, `table.build.5000011`. */
  only?: readonly string[];
}

const TABLE_SIZE_LARGEST = 5_000_011;
const TABLE_SIZES = [655_373, TABLE_SIZE_LARGEST];
const TABLE_BACKENDS = 1000;
const MANY_FLOWS = 2 ** 20;
const MANY_VIPS = { vips: 1000, backends: 10 };
const ZIPF_AIM = 1.5;

/** Every result that can be measured with these parameters. */
export function allCases(parameters: Shape): Case[] {
  return [
    ...coreCases(parameters),
    manyFlowsCase(parameters),
    ...defaultCases(parameters),
    jhashCase(parameters),
    ...tableCases(parameters),
  ];
}

/** Those that were asked for. Throws ERR_OPTION when `only` names none, or nothing is left. `others`: names that are no case, for the message. */
export function chooseCases(parameters: Shape, choice: Choice, others: readonly string[] = []): Case[] {
  const cases = allCases(parameters);
  const { only } = choice;
  for (const name of only ?? []) {
    if (!cases.some((each) => isNamed(each, name))) {
      const names = [...cases.map((each) => each.name), ...others];
      throw optionError('--only', name, `must be the beginning of one of ${names.join(', ')}`);
    }
  }
  const isNarrowed = only !== undefined || (['encap', 'family', 'tracking'] as const).some((key) => choice[key]);
  const chosen = cases.filter((each) => {
    if (only !== undefined && !only.some((name) => isNamed(each, name))) return false;
    return isNarrowed ? fits(each, choice) && (only !== undefined || each.kind === 'core') : each.isDefault;
  });
  if (chosen.length === 0) throw optionError('--only', only?.join(' '), 'names nothing that the other options leave');
  return chosen;
}

function isNamed({ name }: Case, beginning: string): boolean {
  return name === beginning || name.startsWith(`${beginning}.`);
}

function fits({ kind, shape }: Case, { encap, family, tracking }: Choice): boolean {
  if (kind === 'table') return true;
  return (
    (encap ?? shape.encap) === shape.encap &&
    (family ?? shape.family) === shape.family &&
    (tracking ?? shape.tracking) === shape.tracking
  );
}

function coreCases(parameters: Shape): Case[] {
  const cases: Case[] = [];
  for (const tracking of ['none', 'all'] as const) {
    for (const encap of ['ipip', 'gue', 'gre', 'l2'] as const) {
      for (const family of [4, 6] as const) {
        const way = wayName(encap, family);
        const name = `core.${way}.${tracking === 'none' ? 'stateless' : 'tracked'}`;
        const isDefault = tracking === 'none' ? family === 4 || encap === 'ipip' : way === 'ipip4';
        cases.push({ name, kind: 'core', shape: { ...parameters, tracking, encap, family }, isDefault });
      }
    }
  }
  return cases;
}

function wayName(encap: Shape['encap'], family: Shape['family']): string {
  if (encap !== 'l2') return `${encap}${family}`;
  return family === 4 ? 'l2' : 'l2v6';
}

/** As many flows in the flow table as its default has room for. */
function manyFlowsCase(parameters: Shape): Case {
  const shape: Shape = { ...parameters, tracking: 'all', encap: 'ipip', family: 4, flows: MANY_FLOWS };
  return { name: 'core.ipip4.flows1m', kind: 'core', shape, isDefault: true };
}

/** What a balancer does by default: changed-slot tracking with no change under way, many VIPs. */
function defaultCases(parameters: Shape): Case[] {
  return (['zipf', 'uniform'] as const).map((traffic) => {
    const shape: Shape = { ...parameters, tracking: 'changed', encap: 'ipip', family: 4, traffic, ...MANY_VIPS };
    const stateless = { shape: statelessShape(parameters), aim: ZIPF_AIM };
    return {
      name: `core.default.${traffic}`,
      kind: 'core',
      shape,
      isDefault: true,
      ...(traffic === 'zipf' && { stateless }),
    };
  });
}

function jhashCase(parameters: Shape): Case {
  return { name: 'core.ipip4.stateless.jhash', kind: 'jhash', shape: statelessShape(parameters), isDefault: true };
}

/** That of core.ipip4.stateless. */
function statelessShape(parameters: Shape): Shape {
  return { ...parameters, tracking: 'none', encap: 'ipip', family: 4 };
}

/** A table is filled for one VIP; no frame is forwarded. */
function tableCases({ tableSize, backends }: Shape): Case[] {
  const count = backends === SHAPE_DEFAULT.backends ? TABLE_BACKENDS : backends;
  return [...new Set([tableSize, ...TABLE_SIZES])].map((slots) => ({
    name: `table.build.${slots}`,
    kind: 'table',
    shape: { ...SHAPE_DEFAULT, tableSize: slots, backends: count, flows: 1 },
    isDefault: slots !== TABLE_SIZE_LARGEST,
  }));
}
