// test/package/forwards.ts: run in the folder of an application that has installed the package: a frame through its hot path, and
// what Kafka says without node-rdkafka. Prints one line of JSON.
import { createHotPath } from 'maglev-dsr/hotpath';
import { kafkaSource } from 'maglev-dsr/kafka';

const frame = new Uint8Array(54); // a TCP SYN from 198.51.100.7:40000 to 192.0.2.80:80; its checksums are not looked at
const view = new DataView(frame.buffer);
frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0x0c, 1, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6]);
frame.set([198, 51, 100, 7, 192, 0, 2, 80], 26);
view.setUint16(34, 40_000);
view.setUint16(36, 80);
view.setUint16(46, 0x5002);

const hotPath = await createHotPath({ tablesMiB: 2, flowsMax: 4096, nextHops: { '10.0.1.9': '02:00:00:00:01:09' } });
await hotPath.apply([
  { put: { address: '192.0.2.80', protocol: 'tcp', port: 80 } },
  { put: { vip: 'tcp/192.0.2.80:80', address: '10.0.1.9' } },
]);
const { verdict, backend, frames } = hotPath.forward(frame);
const kafka = kafkaSource({ brokers: ['127.0.0.1:9'], topic: 'members' });
const kafkaError = await (async () => {
  for await (const event of kafka.events(AbortSignal.timeout(5000))) return event.type;
  return 'ended';
})().catch((error: { code?: string }) => error.code);

console.log(
  JSON.stringify({
    node: process.versions.node,
    verdict,
    backend,
    to: Buffer.from(frames[0]?.subarray(0, 6) ?? []).toString('hex'),
    ttl: frames[0]?.[22],
    kafkaError,
  }),
);
