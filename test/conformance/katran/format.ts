// test/conformance/katran/format.ts: a folder of Katran vectors: what its JSON files say (README.md there), and how they are read. Nothing
// but what the runner uses is checked, and a file that lacks it is named.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface VectorVip {
  address: string;
  prefix_len?: number;
  port: number;
  proto: number;
  /** Katran's flag bits. */
  flags: number;
  reals: { index: number; address: string; weight: number }[];
  down_real_indexes?: number[];
}

/** What Katran was told. */
export interface VectorProfile {
  vips: VectorVip[];
  reals: { index: number; address: string; local: boolean }[];
  server_ids?: { server_id: number; address: string }[];
  src_routes?: { prefix: string; address: string }[];
  decap_destinations?: { address: string; egress: boolean }[];
  healthcheck_marks?: { fwmark: number; address: string }[];
  fwmarks?: { fwmark: number; address: string }[];
}

/** Numbers, pairs, or numbers by VIP or real. */
export type VectorCounters = Record<string, unknown>;

export interface VectorFamily {
  file: string;
  /** Of the balancer: a profile a phase. */
  profiles?: string[];
  profile?: string;
  /** Another program than the balancer. */
  program?: string;
  encapsulation?: 'IPIP' | 'GUE';
  options?: string[];
  max_frame_bytes?: number;
  gue_udp_port?: number;
  counters?: { observed_this_file?: VectorCounters; observed_full?: VectorCounters };
}

export interface Provisioning {
  constants: { gue_udp_port_default: number; max_frame_bytes_default: number };
  addresses: {
    default_router_mac: string;
    local_mac: string;
    gue_and_healthcheck_source_v4: string;
    gue_and_healthcheck_source_v6: string;
  };
  profiles: Record<string, VectorProfile>;
  families: Record<string, VectorFamily>;
}

/** A frame and what becomes of it. */
export interface FrameCase {
  name: string;
  seq: number;
  phase?: number;
  fwmark?: number;
  input_hex: string;
  expected_action: 'tx' | 'pass' | 'drop';
  expected_hex: string;
  ignore?: { offset: number; length: number }[];
}

/** A flow and the real that it must reach; null: none. */
export interface FlowCase {
  name?: string;
  description?: string;
  seq: number;
  flow: { src: string; dst: string; src_port: number; dst_port: number; proto: number };
  expected_real: string | null;
}

export interface Rings {
  address_hashes: { address: string; hash_hex: string; offset?: number; skip?: number }[];
  rings: {
    version: 1 | 2;
    ring_size: number;
    endpoints: { index: number; weight: number; address: string }[];
    slots_per_index: Record<string, number>;
    first_slots: number[];
    sha256_of_u32le_slots: string;
  }[];
  packet_hashes: { src: string; src_port: number; dst_port: number; hash_hex: string; ring_slot: number }[];
  murmur3_x64_first64: { a_hex: string; b: number; seed: number; out_hex: string }[];
}

/** The name that rings.json has as a family: it stands in no list. */
export const RINGS = 'rings';
const PROVISIONING = 'provisioning.json';

/** A folder of vectors. */
export class VectorFolder {
  readonly provisioning: Provisioning;
  /** Families whose file is there, in the order of provisioning.json. */
  readonly families: string[];
  /** Those whose file is not. */
  readonly absent: string[];

  /** Throws with the path and what is wrong with it. */
  constructor(readonly path: string) {
    if (!existsSync(join(path, PROVISIONING))) throw new Error(`${path}: no ${PROVISIONING} there`);
    this.provisioning = this.read<Provisioning>(PROVISIONING);
    for (const field of ['constants', 'addresses', 'profiles', 'families'] as const) {
      if (typeof this.provisioning[field] !== 'object') throw new Error(`${join(path, PROVISIONING)}: no ${field}`);
    }
    const named = [...Object.keys(this.provisioning.families), RINGS];
    const isThere = (name: string): boolean => existsSync(join(path, this.fileOf(name)));
    this.families = named.filter(isThere);
    this.absent = named.filter((name) => !isThere(name));
  }

  /** JSON files that no family is known of. */
  get strangers(): string[] {
    const known = new Set([PROVISIONING, ...this.families.map((name) => this.fileOf(name))]);
    return readdirSync(this.path).filter((file) => file.endsWith('.json') && !known.has(file));
  }

  family(name: string): VectorFamily {
    return this.provisioning.families[name] ?? { file: `${name}.json` };
  }

  profile(name: string | undefined): VectorProfile {
    const profile = this.provisioning.profiles[name ?? ''];
    if (profile === undefined) throw new Error(`${PROVISIONING}: no profile ${name}`);
    return profile;
  }

  /** The cases of a family in the order in which they run. */
  cases<T extends { seq: number }>(name: string): T[] {
    const cases = this.read<T[]>(this.fileOf(name));
    if (!Array.isArray(cases)) throw new Error(`${join(this.path, this.fileOf(name))}: no list of cases`);
    return cases.sort((a, b) => a.seq - b.seq);
  }

  rings(): Rings {
    return this.read<Rings>(this.fileOf(RINGS));
  }

  private fileOf(name: string): string {
    return this.family(name).file;
  }

  private read<T>(file: string): T {
    const path = join(this.path, file);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as T;
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`);
    }
  }
}
