// host/decap/decapsulator.ts: the receiving end of tunnels: outer packets from an interface, packets inside to a TUN device of ours. Puts
// memory, surroundings and worker together, and takes them apart again.
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  COMMAND_STOP,
  DECAP_OUTPUTS,
  REGION_DECAP,
  REGION_RINGS,
  REGION_WORKERS,
  WORKER_COMMAND,
} from '../../assembly/layout.js';
import { MaglevError } from '../errors.js';
import { memoryAddress, openWake, type RingGeometry, ringBytes, ringGeometry, type Wake } from '../linux/index.js';
import { Roots } from '../membership/root.js';
import type { HotMemory } from '../memory.js';
import { bindHotPath, compileHotPath } from '../module.js';
import type { DecapWorkerData, DecapWorkerMessage } from '../workers/decapWorker.js';
import { writeRxDescriptor } from '../workers/rings.js';
import { createDecapMemory, writeRules } from './decapMemory.js';
import { type DecapSettings, type DecapsulatorOptions, readDecapOptions } from './decapOptions.js';
import { readDecapVerdicts } from './decapStats.js';
import type { DecapEvents, DecapStats, DecapStatus } from './decapStatus.js';
import { DecapSurroundings } from './decapSurroundings.js';

/** A running decapsulator. */
export interface Decapsulator extends AsyncDisposable {
  /** Counters since the start. */
  stats(): DecapStats;
  /** What it is doing now. */
  status(): DecapStatus;
  /** Stops. Resolves when nothing is left of it. */
  close(): Promise<void>;
  /** Listens; listeners are called one after the other, outside the packet thread. */
  on<E extends keyof DecapEvents>(event: E, listener: (e: DecapEvents[E]) => void): this;
  /** Listens no more. */
  off<E extends keyof DecapEvents>(event: E, listener: (e: DecapEvents[E]) => void): this;
}

const STOP_MS_MAX = 2000; // the worker stops within 50 ms; one that hangs is ended

/**
 * Starts a decapsulator: makes its TUN device, receives outer packets, and has the kernel get the packets inside as if they came in by
 * that device. Resolves when it does.
 * @throws MaglevError ERR_OPTION naming option, value and rule; ERR_BUSY when the interface is taken; ERR_SYSCALL (EPERM: needs
 * CAP_NET_RAW and CAP_NET_ADMIN); ERR_MISSING without nft(8) or koffi
 */
export async function createDecapsulator(options: DecapsulatorOptions): Promise<Decapsulator> {
  const settings = readDecapOptions(options);
  options.signal?.throwIfAborted();
  const decapsulator = new LiveDecapsulator(settings);
  await decapsulator.start();
  options.signal?.addEventListener('abort', () => void decapsulator.close(), { once: true });
  return decapsulator;
}

class LiveDecapsulator implements Decapsulator {
  private readonly emitter = new EventEmitter();
  private readonly module: WebAssembly.Module;
  private readonly geometry: RingGeometry;
  private readonly memory: HotMemory;
  private readonly roots: Roots;
  private readonly surroundings: DecapSurroundings;
  private readonly refused: Record<string, number> = {};
  private wake: Wake | undefined;
  private thread: Worker | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly settings: DecapSettings) {
    const { rxFrames, frameBytes, wasmUrl } = settings;
    this.module = compileHotPath(wasmUrl);
    this.geometry = ringGeometry({ frames: rxFrames, frameBytes });
    this.memory = createDecapMemory({ ringsBytes: ringBytes(this.geometry), cells: 0, cellBytes: 0 });
    this.roots = new Roots(this.memory, bindHotPath(this.module, this.memory.memory, 0));
    this.surroundings = DecapSurroundings.open(settings, {
      changed: (lists) => this.emit('addresses', lists),
      link: (link) => this.emit('link', link),
      failed: (error) => this.emit('error', error),
    }); // last of what can fail: it holds the lock and the TUN device
  }

  async start(): Promise<void> {
    try {
      const { base } = this.memory.region(REGION_RINGS);
      await this.surroundings.start(() => this.publish());
      this.surroundings.receive(this.memory.memory, { offset: base, geometry: this.geometry });
      writeRxDescriptor(this.memory, 0, base, this.geometry);
      this.wake = openWake();
      await this.startWorker(this.wake);
      this.surroundings.follow();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  on<E extends keyof DecapEvents>(event: E, listener: (e: DecapEvents[E]) => void): this {
    this.emitter.on(event, listener);
    return this;
  }

  off<E extends keyof DecapEvents>(event: E, listener: (e: DecapEvents[E]) => void): this {
    this.emitter.off(event, listener);
    return this;
  }

  stats(): DecapStats {
    return { verdicts: readDecapVerdicts(this.memory), refused: { ...this.refused } };
  }

  status(): DecapStatus {
    const { types, guePorts, sources, divert } = this.settings;
    return { ...this.surroundings.status(), types, guePorts, sources, isDiverted: divert };
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(): Promise<void> {
    await this.stopWorker();
    await this.surroundings.close();
    this.wake?.close();
  }

  /** What is taken, from the settings and the host's addresses, live when it resolves. */
  private async publish(): Promise<void> {
    const { types, guePorts, zeroChecksum6, sources } = this.settings;
    const rules = { types, guePorts, zeroChecksum6, sources, ...this.surroundings.lists };
    writeRules(this.memory, rules, memoryAddress(this.memory.memory));
    await this.roots.publish();
  }

  private startWorker(wake: Wake): Promise<void> {
    const outputs = memoryAddress(this.memory.memory) + BigInt(this.memory.region(REGION_DECAP).base + DECAP_OUTPUTS);
    const data: DecapWorkerData = {
      module: this.module,
      memory: this.memory.memory,
      record: this.memory.region(REGION_WORKERS).base,
      outputs: Number(outputs),
      rxFd: this.surroundings.rxFd,
      tunFd: this.surroundings.tunFd,
      wakeFd: wake.fd,
    };
    const url = this.settings.workerUrl ?? new URL('../workers/decapWorker.js', import.meta.url);
    const thread = new Worker(fileURLToPath(url), { workerData: data, execArgv: [] });
    this.thread = thread;
    return new Promise((resolve, reject) => {
      let reason = 'ended without being asked to';
      thread.on('message', (message: DecapWorkerMessage) => {
        if (message.type === 'ready') resolve();
        else this.hear(message);
      });
      thread.on('error', (error) => {
        reason = String(error);
      });
      thread.on('exit', () => {
        this.thread = undefined;
        this.roots.forgetWorker(0);
        const error = new MaglevError('ERR_INTERNAL', `the worker on ${this.settings.interface}: ${reason}`);
        reject(error);
        if (this.closing === undefined) this.onDeath(error);
      });
    });
  }

  /** Nobody reads the ring any more: the host had better be told by its peers that nothing is here than by silence. */
  private onDeath(error: MaglevError): void {
    this.emit('error', error);
    void this.close();
  }

  private hear(message: Exclude<DecapWorkerMessage, { type: 'ready' }>): void {
    if (message.type === 'socketError') {
      this.settings.logger?.warn({ errno: message.errno }, 'packet socket error');
      return;
    }
    for (const [errno, count] of Object.entries(message.errnos)) {
      if (this.refused[errno] === undefined)
        this.settings.logger?.warn({ errno }, `${this.settings.tun} refused packets`);
      this.refused[errno] = (this.refused[errno] ?? 0) + count;
    }
  }

  private async stopWorker(): Promise<void> {
    const { thread } = this;
    if (thread === undefined) return;
    const gone = new Promise<void>((resolve) => {
      thread.once('exit', () => resolve());
    });
    const command = this.memory.region(REGION_WORKERS).base + WORKER_COMMAND;
    Atomics.store(this.memory.words, command / 4, COMMAND_STOP);
    this.wake?.wake();
    const timer = setTimeout(() => void thread.terminate(), STOP_MS_MAX);
    await gone;
    clearTimeout(timer);
  }

  private emit<E extends keyof DecapEvents>(event: E, e: DecapEvents[E]): void {
    if (event === 'error') this.settings.logger?.error({}, (e as MaglevError).message);
    else
      this.settings.logger?.info(e, event === 'addresses' ? 'what is taken follows the host' : 'the interface changed');
    if (this.emitter.listenerCount(event) > 0) this.emitter.emit(event, e);
  }
}
