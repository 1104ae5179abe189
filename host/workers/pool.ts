// host/workers/pool.ts: the packet workers of a balancer: opens their sockets, starts them, starts again what died, stops
// them. Sockets belong to this thread, so that those of a dead worker leave the fanout group at once.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  COMMAND_RUN,
  COMMAND_STOP,
  REGION_RINGS,
  REGION_WORKERS,
  WORKER_BYTES,
  WORKER_COMMAND,
} from '../../assembly/layout.js';
import type { Engine } from '../engine.js';
import { MaglevError } from '../errors.js';
import { type BpfProgram, DROP_ALL, openPacketRings, openWake, type PacketRings, type Wake } from '../linux/index.js';
import type { PacketWorkerData, PacketWorkerMessage } from './packetWorker.js';
import { type PlannedWorker, type RingPlan, writeRingDescriptors } from './rings.js';

/** An interface as the pool opens it; its place in the list is its egress index. */
interface PoolInterface {
  name: string;
  ifindex: number;
  /** Workers that share its frames; more than one makes a fanout group. */
  workers: number;
  qdiscBypass: boolean;
  /** Neighbour solicitations, which come by multicast, are answered here. */
  isAnnouncing: boolean;
}

/** What the pool is made of. */
interface PoolParts {
  engine: Engine;
  interfaces: readonly PoolInterface[];
  plan: RingPlan;
  batchFrames: number;
  /** Where the worker's code is, for bundlers. Default: beside this file. */
  workerUrl?: URL | undefined;
  onRestart(interfaceName: string, workerIndex: number, reason: string): void;
  onSocketError(interfaceName: string, errno: string): void;
  /** A worker could not be started again: its share of the frames is lost until the next try. */
  onError(error: MaglevError): void;
}

/** Frames the kernel counted for the sockets of an interface. */
interface BelowUs {
  /** Passed the filter. */
  packets: number;
  /** Of these, lost because the receive ring was full. */
  drops: number;
}

interface Running {
  readonly plan: PlannedWorker;
  sockets: PacketRings[];
  thread: Worker | undefined;
  wake: Wake;
  restarts: number;
  below: BelowUs; // of sockets that are closed
}

const STOP_MS_MAX = 2000; // a worker stops within 50 ms; one that hangs is ended
const RESTART_MS_MIN = 100;
const RESTART_MS_MAX = 10_000;
let fanoutGroups = 0;

export class WorkerPool {
  private readonly running: Running[] = [];
  private readonly fanoutBase: number;
  private filter: BpfProgram | undefined = DROP_ALL;
  private isStopping = false;

  constructor(private readonly parts: PoolParts) {
    // Groups are numbered per network namespace; the pid keeps processes apart, the count those in one process.
    this.fanoutBase = process.pid * 7 + fanoutGroups;
    fanoutGroups += parts.interfaces.length;
  }

  /** Opens all sockets and starts all workers; resolves when each walks its rings. On failure nothing stays open. */
  async start(): Promise<void> {
    try {
      const { workers } = this.parts.plan;
      for (const plan of workers) {
        this.running.push({
          plan,
          sockets: [],
          thread: undefined,
          wake: openWake(),
          restarts: 0,
          below: { packets: 0, drops: 0 },
        });
      }
      for (const index of this.running.keys()) await this.startWorker(index);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Which frames the kernel gives us; undefined: all of them. In force for every worker when this returns. */
  setFilter(filter: BpfProgram | undefined): void {
    this.filter = filter;
    for (const { sockets } of this.running) sockets[0]?.setFilter(filter);
  }

  /** What the kernel counted for the interface with this egress index, since the start. */
  below(egress: number): BelowUs {
    const sum = { packets: 0, drops: 0 };
    for (const { plan, sockets, below } of this.running) {
      if (plan.ingress !== egress) continue;
      const now = sockets[0]?.statistics();
      sum.packets += below.packets + (now?.packets ?? 0);
      sum.drops += below.drops + (now?.drops ?? 0);
    }
    return sum;
  }

  /** How often workers were started again. */
  get restarts(): number {
    return this.running.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** Stops all workers and closes all sockets. Calling it twice is harmless. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.running.map((_, index) => this.stopWorker(index)));
    for (const [index, { wake }] of this.running.entries()) {
      this.closeSockets(index);
      wake.close();
    }
  }

  private async startWorker(index: number): Promise<void> {
    const running = this.worker(index);
    this.command(index, COMMAND_RUN);
    running.sockets = this.openSockets(index);
    const data: PacketWorkerData = {
      module: this.parts.engine.module,
      memory: this.parts.engine.memory.memory,
      workerIndex: index,
      record: this.recordOf(index),
      rxFd: running.sockets[0]?.fd ?? -1,
      txFds: running.plan.sockets.map(({ egress }, i) => ({ egress, fd: running.sockets[i]?.fd ?? -1 })),
      wakeFd: running.wake.fd,
      batchFrames: this.parts.batchFrames,
    };
    const url = this.parts.workerUrl ?? new URL('./packetWorker.js', import.meta.url);
    const thread = new Worker(fileURLToPath(url), { workerData: data, execArgv: [] });
    running.thread = thread;
    await this.untilReady(thread, index);
  }

  private untilReady(thread: Worker, index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let reason = 'ended without being asked to';
      let isReady = false;
      thread.on('message', (message: PacketWorkerMessage) => {
        if (message.type === 'ready') {
          isReady = true;
          resolve();
        } else {
          this.parts.onSocketError(this.nameOf(index), message.errno);
        }
      });
      thread.on('error', (error) => {
        reason = String(error);
      });
      thread.on('exit', () => {
        const running = this.worker(index);
        running.thread = undefined;
        this.parts.engine.publisher.roots.forgetWorker(index);
        if (!isReady) reject(new MaglevError('ERR_INTERNAL', `packet worker ${index}: ${reason}`));
        else if (!this.isStopping) this.restart(index, reason);
      });
    });
  }

  /** The dead worker's share of a fanout group is a black hole: out with its sockets first. */
  private restart(index: number, reason: string): void {
    const running = this.worker(index);
    this.closeSockets(index);
    running.restarts++;
    this.parts.onRestart(this.nameOf(index), index, reason);
    const delayMs = Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** Math.min(running.restarts - 1, 10));
    setTimeout(() => {
      if (this.isStopping) return;
      this.startWorker(index).catch((error: unknown) => {
        const message = `packet worker ${index} on ${this.nameOf(index)} cannot be started again: ${String(error)}`;
        this.parts.onError(new MaglevError('ERR_INTERNAL', message, { cause: error }));
        if (!this.isStopping) this.restart(index, String(error));
      });
    }, delayMs).unref();
  }

  private openSockets(index: number): PacketRings[] {
    const { engine, interfaces } = this.parts;
    const { plan } = this.worker(index);
    const { base } = engine.memory.region(REGION_RINGS);
    const opened: PacketRings[] = [];
    try {
      for (const { egress, rx, tx } of plan.sockets) {
        const iface = interfaces[egress] as PoolInterface;
        opened.push(
          openPacketRings({
            name: iface.name,
            ifindex: iface.ifindex,
            memory: engine.memory.memory,
            qdiscBypass: iface.qdiscBypass,
            tx: { ...tx, offset: base + tx.offset },
            ...(rx && { rx: { ...rx, offset: base + rx.offset }, filter: this.filter }),
            allMulticast: rx !== undefined && iface.isAnnouncing,
            ...(rx && iface.workers > 1 && { fanout: { group: (this.fanoutBase + egress) & 0xffff, type: 'hash' } }),
          }),
        );
      }
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
    writeRingDescriptors(engine.memory, index, plan, base);
    return opened;
  }

  private async stopWorker(index: number): Promise<void> {
    const { thread, wake } = this.worker(index);
    if (thread === undefined) return;
    const gone = new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
    });
    this.command(index, COMMAND_STOP);
    wake.wake();
    const timer = setTimeout(() => void thread.terminate(), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
  }

  private closeSockets(index: number): void {
    const running = this.worker(index);
    const last = running.sockets[0]?.statistics();
    running.below.packets += last?.packets ?? 0;
    running.below.drops += last?.drops ?? 0;
    for (const socket of running.sockets) socket.close();
    running.sockets = [];
  }

  private command(index: number, command: number): void {
    Atomics.store(this.parts.engine.memory.words, (this.recordOf(index) + WORKER_COMMAND) / 4, command);
  }

  private recordOf(index: number): number {
    return this.parts.engine.memory.region(REGION_WORKERS).base + index * WORKER_BYTES;
  }

  private nameOf(index: number): string {
    return this.parts.interfaces[this.worker(index).plan.ingress]?.name ?? '?';
  }

  private worker(index: number): Running {
    return this.running[index] as Running;
  }
}
