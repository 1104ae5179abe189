// How a cluster and a topic are named to commands, and what of that may never be said aloud.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addKafkaOptions, type KafkaCliOptions, kafkaTarget } from '../../host/cli/kafkaOptions.js';
import { connectionConfig } from '../../host/membership/sources/kafkaConnection.js';

const Options = suite<{ folder: string }>('cli/kafkaOptions');
Options.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'maglev-dsr-options-'));
  for (const name of ['ca.pem', 'cert.pem', 'key.pem']) writeFileSync(join(context.folder, name), 'PEM');
  writeFileSync(join(context.folder, 'password'), 'pa55 word\n');
});
Options.after(({ folder }) => rmSync(folder, { recursive: true, force: true }));

/** The options as a command would have them. Throws what commander would print. */
function parse(...args: string[]): KafkaCliOptions {
  const command = addKafkaOptions(new Command('x'));
  command.exitOverride().configureOutput({ writeErr: () => {} });
  return command.parse(args, { from: 'user' }).opts();
}

const FULL = `brokers: [a.example:9093, b.example:9093]
topic: members
scope: edge-1
tls: { ca: ca.pem, cert: cert.pem, key: key.pem }
sasl: { mechanism: scram-sha-512, username: lb, passwordFile: password }
librdkafka: { client.rack: r1 }
`;

Options('brokers and topic on the command line are enough', () => {
  assert.equal(kafkaTarget(parse('--brokers', 'a:1, b:2', '--topic', 't')), {
    brokers: ['a:1', 'b:2'],
    topic: 't',
    librdkafka: {},
    timeoutMs: 10_000,
  });
});

Options('a file says the rest; the command line goes first; paths are relative to the file', ({ folder }) => {
  const file = join(folder, 'kafka.yaml');
  writeFileSync(file, FULL);
  const set = ['--set', 'client.rack=r2', '--set', 'socket.timeout.ms=5000'];
  const target = kafkaTarget(parse('--kafka-config', file, '--topic', 'other', '--timeout', '700', ...set));
  assert.equal(target, {
    brokers: ['a.example:9093', 'b.example:9093'],
    topic: 'other',
    scope: 'edge-1',
    tls: { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') },
    sasl: { mechanism: 'scram-sha-512', username: 'lb', passwordFile: join(folder, 'password') },
    librdkafka: { 'client.rack': 'r2', 'socket.timeout.ms': '5000' },
    timeoutMs: 700,
  });
  const config = connectionConfig(target);
  assert.is(config['security.protocol'], 'sasl_ssl');
  assert.is(config['sasl.mechanisms'], 'SCRAM-SHA-512');
  assert.is(config['sasl.password'], 'pa55 word');
  assert.is(config['ssl.endpoint.identification.algorithm'], 'https');
  assert.is(config['ssl.ca.location'], join(folder, 'ca.pem'));
});

Options("a balancer's own configuration does as well", ({ folder }) => {
  const file = join(folder, 'balancer.yaml');
  const kafka = FULL.replace(/^/gm, '    ').trimEnd();
  writeFileSync(file, `interfaces: [{ name: eth0 }]\nmembership:\n  kafka:\n${kafka}\nannounce: arp\n`);
  const { topic, sasl } = kafkaTarget(parse('--kafka-config', file));
  assert.is(topic, 'members');
  assert.is(sasl?.passwordFile, join(folder, 'password'));
});

Options('what is wrong in the file is named with its line', ({ folder }) => {
  const file = join(folder, 'wrong.yaml');
  const wrong: [string, RegExp][] = [
    ['topic: t\nbrokrs: [a:1]\n', /wrong\.yaml line 2: brokrs .*is not a field of this file/],
    ['topic: t\nsasl: { mechanism: md5, username: a, passwordFile: p }\n', /line 2: sasl\.mechanism "md5": /],
    ['topic: t\n\nsasl: { mechanism: plain, username: a, password: pa55 }\n', /line 3: sasl\.passwordFile: /],
    ['librdkafka: { sasl.password: pa55 }\n', /line 1: librdkafka .*sasl\.password is a secret/],
    ['interfaces: []\nmembership: { file: m.yaml }\n', /line 2: membership\.kafka: /],
  ];
  for (const [text, rule] of wrong) {
    writeFileSync(file, text);
    assert.throws(() => kafkaTarget(parse('--kafka-config', file)), rule);
  }
});

Options('what is missing is asked for', () => {
  assert.throws(
    () => kafkaTarget(parse('--topic', 't')),
    /^brokers: none given; expected --brokers, or --kafka-config/,
  );
  assert.throws(() => kafkaTarget(parse('--brokers', 'a:1')), /^topic: none given; expected --topic, or/);
});

Options('no secret on the command line, nor in a message', ({ folder }) => {
  assert.throws(
    () => parse('--set', 'sasl.password=pa55'),
    ({ message }: Error) => /sasl\.password" is a secret/.test(message) && !message.includes('pa55'),
  );
  const connection = { brokers: ['a:1'] };
  const sasl = { mechanism: 'plain', username: 'lb', passwordFile: join(folder, 'password') } as const;
  assert.throws(
    () => connectionConfig({ ...connection, sasl }),
    /^sasl\.mechanism "plain" sends the password as it is/,
  );
  assert.is(connectionConfig({ ...connection, sasl, tls: {} })['security.protocol'], 'sasl_ssl');
  const scram = { ...sasl, mechanism: 'scram-sha-256' } as const;
  assert.is(connectionConfig({ ...connection, sasl: scram })['security.protocol'], 'sasl_plaintext');
  const missing = { ...scram, passwordFile: join(folder, 'not-here') };
  assert.throws(
    () => connectionConfig({ ...connection, sasl: missing }),
    /^sasl\.passwordFile ".*" cannot be read: ENOENT/,
  );
  assert.throws(
    () => connectionConfig({ ...connection, sasl: { ...scram, password: 'pa55' } }),
    ({ message }: Error) => message.startsWith('sasl.passwordFile') && !message.includes('pa55'),
  );
  assert.throws(
    () => connectionConfig({ ...connection, tls: { cert: join(folder, 'cert.pem') } }),
    /^tls\.key .*go together/,
  );
  assert.throws(
    () => connectionConfig({ ...connection, tls: {}, librdkafka: { 'security.protocol': 'plaintext' } }),
    /follows from tls and sasl/,
  );
});

Options.run();
