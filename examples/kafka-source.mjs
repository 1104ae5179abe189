// @ts-check
// examples/kafka-source.mjs: a balancer that follows a compacted Kafka topic, as every balancer of a fleet does.
// Needs root (or CAP_NET_RAW and CAP_NET_ADMIN), nft(8), Linux, and the optional package node-rdkafka.
//
//   head -c 32 /dev/urandom | base64 > secret            once; every balancer of the fleet needs the same
//   kafka-topics.sh --bootstrap-server 10.0.0.5:9092 --create --topic balancer-members --partitions 1 \
//     --config cleanup.policy=compact
//   node examples/kafka-source.mjs eth0 10.0.0.5:9092 balancer-members secret
//
// examples/publish.mjs, or maglev-dsr apply, writes the records.

import { readFileSync } from 'node:fs';
import { createLoadBalancer, formatRefusal } from 'maglev-dsr';
import { kafkaSource } from 'maglev-dsr/kafka';

const [interfaceName, brokers, topic, secretFile] = process.argv.slice(2);
if (interfaceName === undefined || brokers === undefined || topic === undefined || secretFile === undefined) {
  throw new Error('usage: kafka-source.mjs INTERFACE HOST:PORT[,HOST:PORT] TOPIC SECRETFILE');
}

const balancer = await createLoadBalancer({
  interfaces: [{ name: interfaceName }],
  source: kafkaSource({
    brokers: brokers.split(','),
    topic,
    // librdkafka: { 'security.protocol': 'ssl', 'ssl.ca.location': '/etc/ssl/certs/kafka.pem' },
  }),
  // Without the same secret two balancers would send the same connection to two backends, so a Kafka source demands one.
  hashSecret: readFileSync(secretFile, 'utf8').trim(),
});

balancer.on('applied', ({ generation, vips }) => console.log(`generation ${generation}: ${vips.join(', ')} rebuilt`));
balancer.on('refused', (refusal) => console.error(formatRefusal(refusal)));
balancer.on('stale', ({ reason }) => console.error(`Kafka is away: ${reason}; forwarding goes on with what we have`));
balancer.on('fresh', () => console.log('Kafka is back'));
balancer.on('error', (error) => console.error(error.message));

balancer.ready.then(
  () => {
    console.log('ready: caught up with the topic');
    // Equal on every balancer with the same records and secret, in whatever order it was told.
    for (const { key } of balancer.status().vips) console.log(`  ${key} digest ${balancer.digest(key)}`);
  },
  (error) => console.error(error.message),
);

const stop = () => {
  balancer.close().catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
