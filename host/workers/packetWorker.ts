// host/workers/packetWorker.ts: the thread that moves packets. It sleeps in poll(2) over its receive ring and an eventfd,
// lets the Wasm walk the rings, and tells the kernel to send. Two system calls a batch, no JavaScript per packet.
import { parentPort, workerData } from 'node:worker_threads';
import { COMMAND_STOP, WORKER_COMMAND } from '../../assembly/layout.js';
import { tickNow } from '../clock.js';
import { attachWake, POLLERR, POLLIN, Poller, sendRing, takeSocketError } from '../linux/index.js';
import { bindHotPath } from '../module.js';

/** What the pool hands to a packet worker. Descriptors belong to the process; the pool opens and closes them. */
export interface PacketWorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  workerIndex: number;
  /** Address of this worker's record in the memory. */
  record: number;
  rxFd: number;
  /** Transmit sockets by egress index. */
  txFds: { egress: number; fd: number }[];
  wakeFd: number;
  /** Frames of one batch. */
  batchFrames: number;
}

/** What a packet worker says. */
export type PacketWorkerMessage =
  /** It walks its rings from now on. */
  | { type: 'ready' }
  /** The kernel reported an error on a socket, such as ENETDOWN. */
  | { type: 'socketError'; errno: string };

const RX = 0; // places in the poll set
const WAKE = 1;
const RETRY_MS = 1; // the kernel had no room: not worth a wake-up by POLLOUT, which a transmit ring always gives
const ERROR_PAUSE_MS = 100; // a socket in error is ready all the time

function run(data: PacketWorkerData): void {
  const hot = bindHotPath(data.module, data.memory, data.workerIndex);
  const command = new Int32Array(data.memory.buffer, data.record + WORKER_COMMAND, 1);
  const wake = attachWake(data.wakeFd);
  const poller = new Poller([
    { fd: data.rxFd, events: POLLIN },
    { fd: data.wakeFd, events: POLLIN },
  ]);
  const pauser = new Poller([{ fd: data.wakeFd, events: POLLIN }]);
  parentPort?.postMessage({ type: 'ready' } satisfies PacketWorkerMessage);
  let waiting = 0; // bit e: frames wait in the transmit ring of egress e
  while (Atomics.load(command, 0) !== COMMAND_STOP) {
    const count = hot.runRing(data.batchFrames, tickNow());
    waiting |= hot.takeQueued();
    if (waiting !== 0) waiting = transmit(data.txFds, waiting);
    if (count > 0) continue;
    poller.wait(waiting === 0 ? -1 : RETRY_MS);
    if (poller.ready(WAKE) !== 0) wake.drain();
    if (poller.ready(RX) & POLLERR) {
      report(data.rxFd);
      pauser.wait(ERROR_PAUSE_MS);
    }
  }
}

/** Has the kernel send for every egress in `waiting`; returns those that must be asked again. */
function transmit(txFds: PacketWorkerData['txFds'], waiting: number): number {
  let left = 0;
  for (const { egress, fd } of txFds) {
    if ((waiting & (1 << egress)) === 0) continue;
    if (sendRing(fd)) left |= 1 << egress;
  }
  return left;
}

function report(fd: number): void {
  const errno = takeSocketError(fd);
  if (errno !== undefined) parentPort?.postMessage({ type: 'socketError', errno } satisfies PacketWorkerMessage);
}

run(workerData as PacketWorkerData);
