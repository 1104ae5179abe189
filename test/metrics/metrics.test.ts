// Metrics as Prometheus reads them: every one that is documented, with values that are those of stats() and status().
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MaglevError } from '../../host/errors.js';
import { METRICS } from '../../host/metrics/definitions.js';
import { metricsDocument } from '../../host/metrics/document.js';
import { balancerMetrics, type Measured, type MetricsServer, serveMetrics } from '../../host/metrics/index.js';
import { HOT_EVENTS, VERDICTS } from '../../host/stats.js';
import { backend, PaperBalancer, vip, WEB } from '../fleet/support.js';

const Metrics = suite('metrics');

interface Exposition {
  help: Map<string, string>;
  type: Map<string, string>;
  /** Values by `name{label="value",...}`, labels sorted. */
  values: Map<string, number>;
}

/** Reads the text format, version 0.0.4, as its document has it: HELP, TYPE and samples, each family in one piece. */
function parse(text: string): Exposition {
  const [help, type, values] = [new Map<string, string>(), new Map<string, string>(), new Map<string, number>()];
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment !== null) {
      const map = comment[1] === 'HELP' ? help : type;
      assert.is(map.has(comment[2] as string), false, `${comment[2]} twice`);
      map.set(comment[2] as string, comment[3] as string);
    } else if (line !== '') {
      const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$/.exec(line);
      assert.ok(sample !== null, `no sample: ${line}`);
      const labels = [...(sample?.[2] ?? '').matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([label]) => label).sort();
      values.set(`${sample?.[1]}${labels.length > 0 ? `{${labels.join(',')}}` : ''}`, Number(sample?.[3]));
    }
  }
  return { help, type, values };
}

async function balanced(): Promise<PaperBalancer> {
  const paper = new PaperBalancer();
  await paper.read([vip(), backend(9, { weight: 3 }), backend(66), backend(11, { state: 'draining' })]);
  return paper;
}

async function get(url: string, method = 'GET'): Promise<{ status: number; type: string; body: string }> {
  const asked = request(url, { method });
  asked.end();
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += piece;
  return { status: response.statusCode, type: `${response.headers['content-type']}`, body };
}

async function withServer(balancer: Measured, body: (server: MetricsServer) => Promise<void>): Promise<void> {
  const server = await serveMetrics(balancer, { listen: '127.0.0.1:0' });
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

Metrics('every metric that is documented is there, with its type, its help and a value; and no other', async () => {
  const paper = await balanced();
  using metrics = balancerMetrics(paper);
  await paper.read([backend(9, { weight: 4 })]);
  paper.hub.emit('error', new MaglevError('ERR_LIMIT', 'tables are full'));
  const { help, type, values } = parse(await metrics.text());
  const definitions = Object.values(METRICS);
  assert.equal([...help.keys()].sort(), definitions.map(({ name }) => name).sort());
  for (const definition of definitions) {
    assert.is(help.get(definition.name), definition.help.replaceAll('\\', '\\\\'), definition.name);
    assert.is(type.get(definition.name), definition.type, definition.name);
    assert.ok(
      [...values.keys()].some((name) => name.startsWith(definition.name)),
      `${definition.name} has no value`,
    );
    assert.is(definition.type === 'counter', definition.name.endsWith('_total'), definition.name);
  }
});

Metrics('values are those of stats and status', async () => {
  const paper = await balanced();
  using metrics = balancerMetrics(paper);
  await paper.read([backend(9, { weight: 4 })]);
  const { values } = parse(await metrics.text());
  const is = (name: string, value: number): void => assert.is(values.get(name), value, name);
  is('maglev_ready', 1);
  is('maglev_generation', paper.engine.generation);
  is('maglev_view_age_seconds', 0);
  is('maglev_source_offset{partition="0"}', 5);
  is('maglev_publications_total', 1);
  is('maglev_publication_build_seconds_count', 1);
  is(`maglev_vip_backends{state="active",vip="${WEB}"}`, 2);
  is(`maglev_vip_backends{state="draining",vip="${WEB}"}`, 1);
  is(`maglev_vip_backends{state="down",vip="${WEB}"}`, 0);
  is(`maglev_backend_share{backend="10.0.1.9",vip="${WEB}"}`, 3279 / 4099); // four fifths: 3279.2
  is(`maglev_backend_share{backend="10.0.1.66",vip="${WEB}"}`, 820 / 4099);
  is(`maglev_backend_reachable{backend="10.0.1.66",vip="${WEB}"}`, 0);
  is(`maglev_backend_reachable{backend="10.0.1.9",vip="${WEB}"}`, 1);
  is('maglev_interface_up{interface="eth0"}', 1);
  const classes = new Set(VERDICTS.map(({ name }) => name.split('_')[0]?.toLowerCase()));
  assert.equal([...classes].sort(), ['drop', 'forward', 'hold', 'ignore', 'reply']);
  for (const { name } of VERDICTS) {
    is(`maglev_frames_total{class="${name.split('_')[0]?.toLowerCase()}",verdict="${name}"}`, 0);
  }
  for (const { name } of HOT_EVENTS) is(`maglev_events_total{event="${name}"}`, 0);
});

Metrics('counters follow the balancer, whatever is read in between; who is gone has no series', async () => {
  const paper = await balanced();
  const stats = paper.stats();
  paper.stats = () => stats;
  using metrics = balancerMetrics(paper);
  stats.verdicts.FORWARD_L2 = 2 ** 40;
  stats.verdicts.DROP_NO_VIP = 7;
  stats.vips[WEB] = { packets: 12, octets: 3400 };
  stats.backends[`${WEB}/10.0.1.9`] = { packets: 11, octets: 3300 };
  for (const round of [1, 2]) {
    const { values } = parse(await metrics.text());
    assert.is(values.get('maglev_frames_total{class="forward",verdict="FORWARD_L2"}'), 2 ** 40, `round ${round}`);
    assert.is(values.get('maglev_frames_total{class="drop",verdict="DROP_NO_VIP"}'), 7);
    assert.is(values.get(`maglev_vip_packets_total{vip="${WEB}"}`), 12);
    assert.is(values.get(`maglev_backend_bytes_total{backend="10.0.1.9",vip="${WEB}"}`), 3300);
  }
  delete stats.vips[WEB];
  stats.backends = {};
  await paper.read([{ remove: WEB }]);
  const { values } = parse(await metrics.text());
  assert.equal(
    [...values.keys()].filter((name) => name.includes(WEB)),
    [],
  );
});

Metrics('two balancers in one process have metrics of their own, and nothing is in the common registry', async () => {
  const { register } = await import('prom-client');
  const [one, other] = [await balanced(), new PaperBalancer()];
  using first = balancerMetrics(one);
  using second = balancerMetrics(other);
  await one.read([backend(9, { weight: 9 })]);
  assert.is(parse(await first.text()).values.get('maglev_publications_total'), 1);
  assert.is(parse(await second.text()).values.get('maglev_publications_total'), 0);
  assert.equal(register.getMetricsAsArray(), []);
});

Metrics('a view that is not there yet has no age; one that is stale has', async () => {
  const paper = await balanced();
  const status = paper.status();
  paper.status = () => status;
  using metrics = balancerMetrics(paper);
  delete status.source.viewAgeMs;
  assert.is(parse(await metrics.text()).values.has('maglev_view_age_seconds'), false);
  Object.assign(status.source, { viewAgeMs: 90_500, state: 'stale' });
  const { values } = parse(await metrics.text());
  assert.equal([values.get('maglev_view_age_seconds'), values.get('maglev_source_live')], [90.5, 0]);
});

Metrics('over HTTP: metrics, health and readiness, GET only', async () => {
  const paper = await balanced();
  await withServer(paper, async ({ url }) => {
    const { status, type, body } = await get(`${url}/metrics`);
    assert.equal([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    assert.is(parse(body).values.get('maglev_ready'), 1);
    assert.equal(await get(`${url}/healthz`), { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' });
    assert.is((await get(`${url}/readyz`)).status, 200);
    paper.isReady = false;
    assert.equal((await get(`${url}/readyz`)).body, 'not ready: paper live\n');
    assert.is((await get(`${url}/readyz`)).status, 503);
    assert.is((await get(`${url}/healthz`)).status, 200);
    assert.is((await get(`${url}/`)).status, 404);
    assert.is((await get(`${url}/metrics`, 'POST')).status, 405);
  });
});

Metrics('an open connection does not hold up a close; an address that is taken or none is an error', async () => {
  const paper = await balanced();
  const server = await serveMetrics(paper, { listen: '127.0.0.1:0' });
  const { host, port } = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
  const idle = connect(port, host);
  await once(idle, 'connect');
  const error = await serveMetrics(paper, { listen: `${host}:${port}` }).catch((e: unknown) => e as MaglevError);
  assert.ok(error instanceof MaglevError);
  assert.equal([error.code, error.errno], ['ERR_SYSCALL', 'EADDRINUSE']);
  idle.on('error', () => undefined);
  await server.close();
  await server.close();
  for (const listen of ['', '9464', '127.0.0.1:99999', '::1:80', 'a b:80']) {
    const refused = await serveMetrics(paper, { listen }).catch((e: unknown) => e as MaglevError);
    assert.is((refused as MaglevError).option, 'metrics.listen', listen);
  }
});

Metrics('docs/METRICS.md is what the tables say: npm run metrics', async () => {
  const text = await readFile(new URL('../../../docs/METRICS.md', import.meta.url), 'utf8');
  assert.ok(text === metricsDocument(), 'docs/METRICS.md is old: npm run metrics');
});

Metrics.run();
