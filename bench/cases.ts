// bench/cases.ts: the results there are, by name, and which of them a user asked for.
//   core.{ipip4,ipip6,l2v4,l2v6}.{stateless,tracked}   ns a frame
//   core.ipip4.stateless.jhash                         the same, but its scalar C hashes with the jhash of Linux
//   table.build.SLOTS                                  ms to fill a lookup table; .backends1000 with so many backends
import { optionError } from '../host/errors.js';
import { SHAPE_DEFAULT, type Shape } from './shape.js';

/** One result to be measured. */
export interface Case {
  name: string;
  kind: 'core' | 'jhash' | 'table';
  shape: Shape;
  /** Measured when the user names nothing. */
  isDefault: boolean;
}

/** What narrows the choice. What is left out narrows nothing. */
export interface Choice {
  encap?: Shape['encap'];
  family?: Shape['family'];
  tracking?: Shape['tracking'];
  /** Names, or beginnings of names up to a dot: `core`, `core.ipip4`, `table.build.5000011`. */
  only?: readonly string[];
}

const TABLE_SIZE_LARGE = 5_000_011;
const MANY_BACKENDS = 1000;

/** Every result that can be measured with these parameters. */
export function allCases(parameters: Shape): Case[] {
  return [...coreCases(parameters), jhashCase(parameters), ...tableCases(parameters)];
}

/** Those that were asked for. Throws ERR_OPTION when `only` names none, or nothing is left. */
export function chooseCases(parameters: Shape, choice: Choice): Case[] {
  const cases = allCases(parameters);
  const { only } = choice;
  for (const name of only ?? []) {
    if (!cases.some((each) => isNamed(each, name))) {
      throw optionError('--only', name, `must be the beginning of one of ${cases.map((each) => each.name).join(', ')}`);
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
    for (const encap of ['ipip', 'l2'] as const) {
      for (const family of [4, 6] as const) {
        const way = encap === 'ipip' ? `ipip${family}` : `l2v${family}`;
        const name = `core.${way}.${tracking === 'none' ? 'stateless' : 'tracked'}`;
        const isDefault = tracking === 'none' || way === 'ipip4';
        cases.push({ name, kind: 'core', shape: { ...parameters, tracking, encap, family }, isDefault });
      }
    }
  }
  return cases;
}

function jhashCase(parameters: Shape): Case {
  const shape: Shape = { ...parameters, tracking: 'none', encap: 'ipip', family: 4 };
  return { name: 'core.ipip4.stateless.jhash', kind: 'jhash', shape, isDefault: true };
}

/** A table is filled for one VIP; no frame is forwarded. */
function tableCases({ tableSize, backends }: Shape): Case[] {
  const table = (slots: number, count: number, suffix: string, isDefault: boolean): Case => ({
    name: `table.build.${slots}${suffix}`,
    kind: 'table',
    shape: { ...SHAPE_DEFAULT, tableSize: slots, backends: count, flows: 1 },
    isDefault,
  });
  const cases = [table(tableSize, backends, '', true), table(tableSize, MANY_BACKENDS, '.backends1000', true)];
  return tableSize === TABLE_SIZE_LARGE ? cases : [...cases, table(TABLE_SIZE_LARGE, backends, '', false)];
}
