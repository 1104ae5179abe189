// host/metrics/definitions.ts: every metric: name, type, labels and what it says. Docs are made from this table
// (test/metrics compares docs/METRICS.md with it); what verdicts and events mean comes from their own tables.
import { HOT_EVENTS, VERDICTS } from '../stats.js';

/** A metric. Durations are in seconds and sizes in bytes, as Prometheus wants them. */
export interface MetricDefinition {
  /** `maglev_` and what it is, with its unit last. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Names of its labels; none for most. */
  readonly labels: readonly string[];
  /** What it says, for the exposition and docs/METRICS.md. */
  readonly help: string;
}

const meanings = (rows: readonly { name: string; when: string }[]): string =>
  rows.map(({ name, when }) => `${name}: ${when}`).join('; ');

const define = (
  name: string,
  type: MetricDefinition['type'],
  labels: readonly string[],
  help: string,
): MetricDefinition => ({ name, type, labels, help });

/** Metrics by the name that the code calls them. */
export const METRICS = {
  info: define('maglev_info', 'gauge', ['version', 'source'], 'always 1'),
  startTime: define('maglev_start_time_seconds', 'gauge', [], 'Unix time at which these metrics begin'),
  ready: define('maglev_ready', 'gauge', [], '1 when the source has told all it had at our start and that is live'),
  generation: define('maglev_generation', 'gauge', [], 'number of the published state'),
  sourceLive: define('maglev_source_live', 'gauge', [], '1 while the source of membership is there'),
  viewAge: define(
    'maglev_view_age_seconds',
    'gauge',
    [],
    'age of what we have: since the ends of the topic were last seen and live, refreshMs at most while all is well; 0 with other sources; absent before the first state',
  ),
  sourceOffset: define('maglev_source_offset', 'gauge', ['partition'], 'offset of the topic that is read next'),
  publications: define('maglev_publications_total', 'counter', [], 'publications that went live'),
  buildTime: define('maglev_publication_build_seconds', 'histogram', [], 'time to build the tables of one publication'),
  slotsMoved: define('maglev_slots_moved_total', 'counter', [], 'slots whose backend changed with publications'),
  refused: define('maglev_records_refused_total', 'counter', [], 'membership records that broke a rule'),
  unpublished: define(
    'maglev_vips_unpublished',
    'gauge',
    [],
    'VIPs that are not live as their records say, since a limit leaves no room for them',
  ),
  pending: define('maglev_backends_pending', 'gauge', [], 'backends that wait for their VIP'),
  frames: define('maglev_frames_total', 'counter', ['class', 'verdict'], `frames by verdict. ${meanings(VERDICTS)}`),
  events: define(
    'maglev_events_total',
    'counter',
    ['event'],
    `what the hot path counts besides. ${meanings(HOT_EVENTS)}`,
  ),
  vipPackets: define('maglev_vip_packets_total', 'counter', ['vip'], 'packets forwarded'),
  vipBytes: define('maglev_vip_bytes_total', 'counter', ['vip'], 'bytes of the frames as they came in'),
  vipTracked: define('maglev_vip_tracked_slots', 'gauge', ['vip'], 'slots that keep flow state'),
  vipPanic: define(
    'maglev_vip_panic',
    'gauge',
    ['vip'],
    '1: backends that drain count as active, since too few are; 2: those that are down too; 0: neither',
  ),
  vipBackends: define('maglev_vip_backends', 'gauge', ['vip', 'state'], 'backends by the state of their record'),
  backendPackets: define('maglev_backend_packets_total', 'counter', ['vip', 'backend'], 'packets forwarded to it'),
  backendBytes: define(
    'maglev_backend_bytes_total',
    'counter',
    ['vip', 'backend'],
    'bytes of the frames for it as they came in',
  ),
  backendShare: define('maglev_backend_share', 'gauge', ['vip', 'backend'], 'share of the slots, 0..1'),
  backendReachable: define(
    'maglev_backend_reachable',
    'gauge',
    ['vip', 'backend'],
    '1 when the MAC address of the way to it is known and the way leads by an interface of ours',
  ),
  backendDrained: define(
    'maglev_backend_drained',
    'gauge',
    ['vip', 'backend'],
    '1 when it drained and nothing is left on it',
  ),
  received: define('maglev_received_total', 'counter', ['interface'], "frames that passed the kernel's filter"),
  lostBelow: define(
    'maglev_lost_below_total',
    'counter',
    ['interface'],
    'of these, lost in the kernel because the receive ring was full',
  ),
  interfaceUp: define('maglev_interface_up', 'gauge', ['interface'], '1 when the interface is up and has a carrier'),
  workerRestarts: define(
    'maglev_worker_restarts_total',
    'counter',
    [],
    'packet workers that died and were started again',
  ),
  tablesBytes: define('maglev_tables_bytes', 'gauge', [], 'memory for lookup tables and tracking maps (tablesMiB)'),
  tablesUsed: define('maglev_tables_used_bytes', 'gauge', [], 'of that, in use'),
  flowPlaces: define('maglev_flow_places', 'gauge', [], 'places of the flow table (flowsMax)'),
  flowEntries: define(
    'maglev_flow_entries',
    'gauge',
    [],
    'of these, taken, by expired flows that are not swept yet too; estimated from 65536 places',
  ),
  errors: define('maglev_errors_total', 'counter', ['code'], 'errors that nobody waited for, by code'),
} as const satisfies Record<string, MetricDefinition>;
