// test/live/programs/udpClient.ts: sends datagrams over many flows and takes their echoes: one under way per flow, so that an
// amount is an amount: n sent, n echoed, each once.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { readConfig, report } from '../../../host/demo/programs/parent.js';

/** What the client is started with. */
export interface UdpClientConfig {
  address: string;
  port: number;
  localAddress: string;
  /** Flow n uses this port + n. */
  firstLocalPort: number;
  flows: number;
  packetsPerFlow: number;
  /** Of a datagram's payload. */
  bytes: number;
  /** An echo that takes longer is lost. */
  timeoutMs: number;
}

/** What became of a flow. */
export interface FlowReport {
  sent: number;
  /** Echoes with the bytes we sent, counted once each. */
  echoed: number;
  /** Echoes that came twice, came late, or had other bytes. */
  wrong: number;
  /** Who echoed, in order of appearance. */
  backends: string[];
}

/** What the client tells when it is done. */
export type UdpClientReport = { type: 'done'; flows: FlowReport[] };

const config = readConfig<UdpClientConfig>();
const SEQUENCE_BYTES = 4;

async function runFlow(index: number): Promise<FlowReport> {
  const flow: FlowReport = { sent: 0, echoed: 0, wrong: 0, backends: [] };
  const socket = createSocket(isIPv6(config.address) ? 'udp6' : 'udp4');
  socket.bind(config.firstLocalPort + index, config.localAddress);
  await once(socket, 'listening');
  const packet = randomBytes(Math.max(config.bytes, SEQUENCE_BYTES));
  let onEcho: () => void = () => undefined;
  socket.on('error', () => undefined); // an ICMP error: the echo stays away, which is counted
  socket.on('message', (echo) => {
    if (!echo.subarray(0, packet.length).equals(packet)) {
      flow.wrong++;
      return;
    }
    const backend = echo.toString('utf8', packet.length);
    if (!flow.backends.includes(backend)) flow.backends.push(backend);
    flow.echoed++;
    packet.writeUInt32LE(0); // a second copy of this echo is wrong from now on
    onEcho();
  });
  for (let sequence = 1; sequence <= config.packetsPerFlow; sequence++) {
    packet.writeUInt32LE(sequence);
    const echoed = new Promise<void>((resolve) => {
      onEcho = resolve;
      setTimeout(resolve, config.timeoutMs).unref();
    });
    socket.send(packet, config.port, config.address);
    flow.sent++;
    await echoed;
  }
  socket.close();
  return flow;
}

// Flows one after the other start within a turn of the event loop; all go on side by side.
const flows = await Promise.all(Array.from({ length: config.flows }, (_, index) => runFlow(index)));
report<UdpClientReport>({ type: 'done', flows });
process.disconnect?.();
