// bench/studies/kafka/flows.ts: flows by the backend that the table gives them to while all backends are active. Each is used once: who
// has sent a SYN is in the flow table, and stays where it is.
import { frameOfFlow } from '../../../host/fiveTuple.js';
import { createHotPath } from '../../../host/hotpath.js';
import { backendAddress, SECRET, vipAddress, vipKey } from './records.js';

const FLOWS = 1 << 20;
const BATCH = 1024;
const SOURCES = 0x0b000000; // 11.0.0.0/8
const SOURCE = 26;
const CHECKSUM = 24;
const SOURCE_PORT = 34;
const SEQUENCE = 38;

/** A SYN to a VIP; the same bytes each time. */
export class SynFrame {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly sum: number;

  constructor(vip: number) {
    const flow = { source: '0.0.0.0', sourcePort: 0, destination: vipAddress(vip), destinationPort: 80 };
    this.bytes = frameOfFlow({ ...flow, protocol: 'tcp', isSyn: true });
    this.view = new DataView(this.bytes.buffer);
    this.sum = ~this.view.getUint16(CHECKSUM) & 0xffff;
  }

  /** Makes it one of flow number `flow`, with a TCP sequence number to know it by. */
  write(flow: number, sequence: number): Uint8Array {
    const source = SOURCES + flow;
    this.view.setUint32(SOURCE, source);
    const sum = this.sum + (source >>> 16) + (source & 0xffff); // RFC 1071
    const folded = (sum & 0xffff) + (sum >>> 16);
    this.view.setUint16(CHECKSUM, ~((folded & 0xffff) + (folded >>> 16)) & 0xffff);
    this.view.setUint16(SOURCE_PORT, 1024 + ((flow * 40_503) % 60_000));
    this.view.setUint32(SEQUENCE, sequence);
    return this.bytes;
  }
}

/** Which flow goes to which of a VIP's backends. */
export class Flows {
  private constructor(private readonly unused: ReadonlyMap<string, number[]>) {}

  /** Asks a hot path that has the VIP and its backends, by number. */
  static async of(vip: number, backends: readonly number[]): Promise<Flows> {
    const addresses = backends.map(backendAddress);
    const nextHops = Object.fromEntries(addresses.map((address) => [address, '02:00:00:00:00:02']));
    const hotPath = await createHotPath({ hashSecret: SECRET, nextHops, batchMax: BATCH, flowsMax: 64, tablesMiB: 4 });
    await hotPath.apply([
      { put: { address: vipAddress(vip), protocol: 'tcp', port: 80, tracking: 'none' } },
      ...addresses.map((address) => ({ put: { vip: vipKey(vip), address } })),
    ]);
    const unused = new Map(addresses.map((address) => [address, [] as number[]]));
    const [batch, frame] = [hotPath.batch(BATCH), new SynFrame(vip)];
    for (let first = 0; first < FLOWS; first += BATCH) {
      for (let i = 0; i < BATCH; i++) {
        batch.input(i).set(frame.write(first + i, 0));
        batch.setLength(i, frame.bytes.length);
      }
      batch.run();
      for (let i = 0; i < BATCH; i++) unused.get(batch.backend(i) ?? '')?.push(first + i);
    }
    hotPath[Symbol.dispose]();
    return new Flows(unused);
  }

  /** A flow of that backend that was not used before. */
  take(backend: number): number {
    const flow = this.unused.get(backendAddress(backend))?.pop();
    if (flow === undefined) throw new Error(`no flow is left of backend ${backendAddress(backend)}`);
    return flow;
  }
}
