// host/workers/decapWorker.ts: the thread of a decapsulator. It sleeps in poll(2) over its receive ring and an eventfd, lets the Wasm find
// the packets inside, and writes each to the TUN device from where it lies: one system call a packet, for a TUN device takes them no
// other way, and one a batch.
import { parentPort, workerData } from 'node:worker_threads';
import { COMMAND_STOP, DECAP_OUTPUT_BYTES, DECAP_OUTPUT_VECTOR, WORKER_COMMAND } from '../../assembly/layout.js';
import { attachWake, POLLERR, POLLIN, Poller, takeSocketError, writePackets } from '../linux/index.js';
import { bindHotPath } from '../module.js';

/** What a decapsulator hands to its worker. Descriptors belong to the process; the decapsulator opens and closes them. */
export interface DecapWorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of the worker's record in the memory. */
  record: number;
  /** Address of the output records in the process. */
  outputs: number;
  rxFd: number;
  tunFd: number;
  wakeFd: number;
}

/** What it says. */
export type DecapWorkerMessage =
  /** It walks its ring from now on. */
  | { type: 'ready' }
  /** The kernel reported an error on the packet socket, such as ENETDOWN. */
  | { type: 'socketError'; errno: string }
  /** The TUN device did not take packets: EIO while it is down, EINVAL for a super-frame it does not understand. */
  | { type: 'refused'; errnos: Record<string, number> };

const RX = 0; // places in the poll set
const WAKE = 1;
const ERROR_PAUSE_MS = 100; // a socket in error is ready all the time

function run({ module, memory, record, outputs, rxFd, tunFd, wakeFd }: DecapWorkerData): void {
  const hot = bindHotPath(module, memory, 0);
  const command = new Int32Array(memory.buffer, record + WORKER_COMMAND, 1);
  const wake = attachWake(wakeFd);
  const poller = new Poller([
    { fd: rxFd, events: POLLIN },
    { fd: wakeFd, events: POLLIN },
  ]);
  const pauser = new Poller([{ fd: wakeFd, events: POLLIN }]);
  let errnos: Record<string, number> = {};
  const refused = (errno: string): void => {
    errnos[errno] = (errnos[errno] ?? 0) + 1;
  };
  tell({ type: 'ready' });
  while (Atomics.load(command, 0) !== COMMAND_STOP) {
    const count = hot.runDecapRing();
    const taken = hot.decapTaken();
    writePackets(tunFd, outputs + DECAP_OUTPUT_VECTOR, count, DECAP_OUTPUT_BYTES, refused);
    hot.giveBackDecap();
    if (taken > 0) continue;
    if (Object.keys(errnos).length > 0) {
      tell({ type: 'refused', errnos });
      errnos = {};
    }
    poller.wait(-1);
    if (poller.ready(WAKE) !== 0) wake.drain();
    if (poller.ready(RX) & POLLERR) {
      const errno = takeSocketError(rxFd);
      if (errno !== undefined) tell({ type: 'socketError', errno });
      pauser.wait(ERROR_PAUSE_MS);
    }
  }
}

function tell(message: DecapWorkerMessage): void {
  parentPort?.postMessage(message);
}

run(workerData as DecapWorkerData);
