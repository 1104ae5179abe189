// host/metrics/document.ts: docs/METRICS.md, from the tables that the metrics are made from (scripts/metrics.mjs writes it).
import { HOT_EVENTS, VERDICTS } from '../stats.js';
import { METRICS } from './definitions.js';

const HEAD = `# Metrics

<!-- Generated from host/metrics/definitions.ts, assembly/verdict.ts and host/stats.ts by \`npm run metrics\`. -->

Served for Prometheus on an address that the configuration names (\`metrics: { listen: '127.0.0.1:9464' }\`), none by default:
\`GET /metrics\`; beside it \`/healthz\` (200 while the process runs) and \`/readyz\` (200 once the first state is live, else 503). Nobody is
asked who he is, so choose an address that only the right ones reach.

Counters count from the start of the balancer. A VIP or backend that is gone has no series any more, so there are as many as there are live
VIPs and backends (\`vipsMax\`, \`backendsMax\`).
`;

/** The whole file. */
export function metricsDocument(): string {
  const metrics = Object.values(METRICS).map(({ name, type, labels, help }) => {
    const [short = ''] = help.split(/(?<=verdict|besides)\. /);
    return [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), short];
  });
  return [
    HEAD,
    table(['metric', 'type', 'labels', 'what'], metrics),
    '## Verdicts\n\nThe label `verdict` of `maglev_frames_total`; `class` is the first word, in small letters.\n',
    table(
      ['verdict', 'when'],
      VERDICTS.map(({ name, when }) => [`\`${name}\``, when]),
    ),
    '## Events\n\nThe label `event` of `maglev_events_total`.\n',
    table(
      ['event', 'when'],
      HOT_EVENTS.map(({ name, when }) => [`\`${name}\``, when]),
    ),
    ALERTS,
  ].join('\n');
}

const ALERTS = `## Worth an alert

| expression | means |
| --- | --- |
| \`rate(maglev_lost_below_total[5m]) > 0\` | the balancer is slower than what comes in |
| \`rate(maglev_frames_total{class="drop"}[5m]) > 0\` | our frames are lost; the verdict says why |
| \`maglev_view_age_seconds > 300\` | Kafka has been away for five minutes; forwarding goes on with what was |
| \`maglev_vip_panic > 0\` | too few backends are active |
| \`maglev_backend_reachable == 0\` | the way to a backend is not known |
| \`increase(maglev_records_refused_total[1h]) > 0\` | somebody publishes records that break a rule |
| \`increase(maglev_worker_restarts_total[1h]) > 0\` | a packet worker died |
| \`maglev_tables_used_bytes / maglev_tables_bytes > 0.8\` | raise \`tablesMiB\` |
`;

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
