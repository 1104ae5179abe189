// `maglev-dsr publish-from` as a user runs it: a local API server over TLS, the embedded broker, and the topic read back as a balancer reads it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startEmbeddedBroker } from '../../host/membership/sources/embeddedBroker.js';
import { kafkaSource } from '../../host/membership/sources/kafka.js';
import { loadKafka } from '../../host/membership/sources/kafkaClient.js';
import { loadKubernetes } from '../../host/orchestrators/kubernetes/client.js';
import { until } from '../live/support/until.js';
import { bounded } from '../membership/support.js';
import { casesThatNeed } from '../support/optional.js';
import { COMMAND, RunningPublisher } from './command.js';
import { Replay } from './replay.js';
import { WEB } from './support.js';

const TOPIC = 'balancer-members';
const PublishFrom = suite('orchestrators/publishFrom');
const commandTest = await casesThatNeed(Promise.all([loadKafka(), loadKubernetes()]), PublishFrom);

interface Scene {
  folder: string;
  args: string[];
  brokers: string[];
  replay: Replay;
}

function withCluster(transcript: string, body: (scene: Scene) => Promise<void>) {
  return bounded(150_000, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
    const replay = new Replay(transcript);
    const broker = await startEmbeddedBroker({ topics: [TOPIC] });
    const server = await replay.listen({ tls: await makeCertificate(folder) });
    const kubeconfig = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority': 'tls.crt' } }],
      users: [{ name: 'test', user: { token: 'secret-token' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    };
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
    const config = {
      ...{ id: 'cluster-a', coalesceMs: 50 },
      kubernetes: {
        kubeconfig: 'kubeconfig',
        services: [{ vip: WEB, namespace: 'shop', service: 'web', encap: 'ipip' }],
      },
    };
    await writeFile(join(folder, 'endpoints.yaml'), JSON.stringify(config));
    const target = ['--brokers', broker.brokers.join(','), '--topic', TOPIC, '--set', 'fetch.wait.max.ms=10'];
    const args = [...COMMAND, 'kubernetes', '--config', join(folder, 'endpoints.yaml'), ...target];
    try {
      await body({ folder, args, brokers: broker.brokers, replay });
      assert.equal(replay.complaints, []);
    } finally {
      await replay.close();
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** A certificate for 127.0.0.1 that is its own authority. */
async function makeCertificate(folder: string): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const how = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const who = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  await run('openssl', ['req', '-x509', ...how, ...who]);
  return { key: await readFile(key), cert: await readFile(cert) };
}

function run(file: string, args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(file, args, (error, stdout, stderr) => resolve({ status: Number(error?.code ?? 0), stdout, stderr }));
  });
}

commandTest(
  'a balancer has the states of the endpoints; --dry-run --once says them first; SIGTERM ends it cleanly',
  withCluster('publish-from', async ({ args, brokers, replay }) => {
    const dry = await run(process.execPath, [...args, '--dry-run', '--once']);
    assert.is(dry.status, 0, dry.stderr);
    const managed = { by: 'cluster-a', state: 'active', weight: 1 };
    assert.equal(
      dry.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [
        {
          key: WEB,
          value: {
            ...{ v: 1, address: '192.0.2.80', protocol: 'tcp', port: 80, encap: { type: 'ipip' } },
            managed: { by: 'cluster-a' },
          },
        },
        { key: `${WEB}/10.0.1.10`, value: { v: 1, vip: WEB, address: '10.0.1.10', managed } },
        { key: `${WEB}/10.0.1.9`, value: { v: 1, vip: WEB, address: '10.0.1.9', managed } },
      ],
    );
    assert.not.match(dry.stderr, /secret-token/);

    const publisher = new RunningPublisher(args);
    const reader = new AbortController();
    const states = new Map<string, string>();
    const source = kafkaSource({ brokers, topic: TOPIC, librdkafka: { 'fetch.wait.max.ms': 10 } });
    const reading = (async () => {
      for await (const event of source.events(reader.signal)) {
        if (event.type !== 'changes') continue;
        for (const change of event.changes) {
          if ('remove' in change) states.delete(change.remove.split('/').at(-1) as string);
          else if ('vip' in change.put) states.set(change.put.address, change.put.state ?? 'active');
        }
      }
    })();
    const become = (expected: object): Promise<unknown> =>
      until(
        `${JSON.stringify(expected)}, not ${JSON.stringify([...states])}: ${publisher.log}`,
        () => JSON.stringify(Object.fromEntries([...states].sort())) === JSON.stringify(expected),
        40_000,
      );
    await become({ '10.0.1.10': 'active', '10.0.1.9': 'active' });
    replay.say('rollout'); // both pods are replaced at once: more than one step may move
    await become({
      ...{ '10.0.1.10': 'draining', '10.0.1.11': 'active' },
      ...{ '10.0.1.12': 'active', '10.0.1.9': 'draining' },
    });
    replay.say('empty'); // the last one stays
    await until('the refusal', () => /no active backend is left/.test(publisher.log), 40_000);
    assert.is([...states.values()].filter((state) => state === 'active').length, 1, JSON.stringify([...states]));
    await publisher.stop('SIGTERM');
    reader.abort();
    await reading;
  }),
);

commandTest(
  'a certificate that nobody vouches for is refused, and said',
  withCluster('publish-from', async ({ folder, args }) => {
    const other = await mkdtemp(join(folder, 'other-'));
    await makeCertificate(other);
    await writeFile(join(folder, 'tls.crt'), await readFile(join(other, 'tls.crt')));
    const publisher = new RunningPublisher(args);
    await until('the refusal', () => /away: namespace shop: .*certificate/.test(publisher.log), 40_000);
    await publisher.stop('SIGINT');
  }),
);

commandTest('what is wrong in the file is named with its line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'maglev-dsr-test-'));
  const file = join(folder, 'endpoints.yaml');
  const target = ['--brokers', '127.0.0.1:1', '--topic', TOPIC];
  try {
    await writeFile(
      file,
      'id: a\nkubernetes:\n  services:\n    - { vip: tcp/192.0.2.80:80, namespace: shop, svc: web }\n',
    );
    const { status, stderr } = await run(process.execPath, [...COMMAND, 'kubernetes', '--config', file, ...target]);
    assert.is(status, 1);
    assert.match(stderr, /endpoints\.yaml line 4: kubernetes\.services\.0\.(service|svc)/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

PublishFrom.run();
