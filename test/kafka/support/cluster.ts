// test/kafka/support/cluster.ts: a real Apache Kafka on the loopback address, of one broker or three, for one test run. Its data is in a
// temporary folder; processes and folder go when it is closed, and also when its owner dies (keeper.ts).
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadKafka } from '../../../host/membership/sources/kafkaClient.js';
import type { Metadata } from '../../../host/membership/sources/rdkafka.js';
import { LISTENERS, type ListenerName, type Ports, serverProperties } from './brokerConfig.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { makeFolder } from './folders.js';
import { kafkaJars } from './jars.js';
import { javaFlags } from './javaTool.js';
import type { KeeperCommand, KeeperReport } from './keeper.js';
import { freePorts } from './ports.js';

/** All that another process needs to use a cluster: plain data, for an environment variable. */
export interface ClusterAccess {
  /** Addresses of all brokers, by listener. */
  listeners: Record<Exclude<ListenerName, 'controller'>, string[]>;
  certificates: Certificates;
  /** May log in at the listeners `scram` and `tls`. */
  user: { name: string; password: string };
  /** Folder with the jars, for Kafka's own tools. */
  jars: string;
}

export interface ClusterOptions {
  /** Default 1. */
  brokers?: 1 | 3;
  /** Largest heap of a broker, MiB. Default 256. */
  heapMiB?: number;
  /** Settings of all brokers, by Kafka's names. */
  settings?: Readonly<Record<string, string | number>>;
}

const HEAP_MIB_DEFAULT = 256;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 2000;
const ASK_AGAIN_MS = 100;
const LOG_LINES_SHOWN = 15;
const USER = { name: 'balancer', password: 'correct-horse-battery-staple' };
const KEEPER = fileURLToPath(new URL('./keeper.js', import.meta.url));
const run = promisify(execFile);

/** Starts a cluster and waits until all its brokers answer. Rejects with what is missing, or the last lines of a broker's log. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { folder: jars, reason } = kafkaJars();
  if (jars === undefined) throw new Error(reason);
  const cluster = new Cluster(jars, makeFolder(), options);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** A running cluster. Nodes are numbered from 1. */
export class Cluster {
  readonly nodes: readonly number[];
  private readonly keeper: ChildProcess;
  private readonly ended = new Map<number, string>(); // nodes that are not running, and how they ended
  private ports = new Map<number, Ports>();
  private certificates: Certificates | undefined;

  constructor(
    private readonly jars: string,
    private readonly folder: string,
    private readonly options: ClusterOptions,
  ) {
    this.nodes = Array.from({ length: options.brokers ?? 1 }, (_, index) => index + 1);
    this.keeper = fork(KEEPER, [folder], { detached: true, stdio: 'ignore' });
    this.keeper.on('message', ({ name, how }: KeeperReport) => this.ended.set(Number(name), how));
    // A test that is done with its cluster may end without closing it.
    this.keeper.unref();
    this.keeper.channel?.unref();
  }

  /** Addresses for clients that need no password and no certificate. */
  get brokers(): string[] {
    return this.access.listeners.plain;
  }

  get access(): ClusterAccess {
    const names = LISTENERS.filter((name) => name !== 'controller');
    const addresses = (name: ListenerName) => [...this.ports.values()].map((ports) => `127.0.0.1:${ports[name]}`);
    const listeners = Object.fromEntries(names.map((name) => [name, addresses(name)]));
    return {
      listeners: listeners as ClusterAccess['listeners'],
      certificates: this.certificates as Certificates,
      user: USER,
      jars: this.jars,
    };
  }

  async start(): Promise<void> {
    this.certificates = makeCertificates(this.folder);
    const free = await freePorts(this.nodes.length * LISTENERS.length);
    const take = () => Object.fromEntries(LISTENERS.map((name) => [name, free.pop()])) as Ports;
    this.ports = new Map(this.nodes.map((id) => [id, take()]));
    const clusterId = crypto.getRandomValues(Buffer.alloc(16)).toString('base64url');
    await Promise.all(this.nodes.map((id) => this.format(id, clusterId)));
    await Promise.all(this.nodes.map((id) => this.startNode(id)));
  }

  /** Starts a node that is not running, with the data it has, and waits until it answers. */
  async startNode(id: number): Promise<void> {
    this.ended.delete(id);
    const { heapMiB = HEAP_MIB_DEFAULT } = this.options;
    const java = ['java', ...javaFlags(this.jars, heapMiB), 'kafka.Kafka', this.file(id, 'properties')];
    const args = ['--pdeathsig', 'KILL', ...java]; // setpriv: of util-linux, which no Debian is without
    this.tell({ type: 'start', name: `${id}`, command: 'setpriv', args, log: this.file(id, 'log') });
    await this.until(`node ${id} answers`, START_TIMEOUT_MS, async () => {
      if (this.ended.has(id)) throw new Error(`node ${id} of Kafka: ${this.ended.get(id)}\n${this.lastLines(id)}`);
      const metadata = await this.ask(id);
      // In metadata a broker is there when its controller has taken it in: with all that run it is of use.
      return (metadata?.brokers.length ?? 0) >= this.nodes.length - this.ended.size;
    });
  }

  /** Kills a node, without a chance to say good-bye (SIGKILL), or stops it in good order (SIGTERM); waits until it is gone. */
  async stopNode(id: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.tell({ type: 'signal', name: `${id}`, signal });
    await this.until(`node ${id} is gone`, STOP_TIMEOUT_MS, async () => this.ended.has(id));
  }

  /** Makes a node hang: its connections stay open, and nobody answers. */
  pauseNode(id: number): void {
    this.tell({ type: 'signal', name: `${id}`, signal: 'SIGSTOP' });
  }

  resumeNode(id: number): void {
    this.tell({ type: 'signal', name: `${id}`, signal: 'SIGCONT' });
  }

  /** Ends all of it. Safe to call twice. */
  async close(): Promise<void> {
    if (!this.keeper.connected) return;
    const exit = once(this.keeper, 'exit');
    this.keeper.ref();
    this.keeper.disconnect();
    await exit;
  }

  /** Node by node: cluster id, and the user with a password for each mechanism. */
  private async format(id: number, clusterId: string): Promise<void> {
    mkdirSync(this.file(id, 'data'));
    const config = {
      id,
      ports: this.ports,
      dataFolder: this.file(id, 'data'),
      certificates: this.certificates as Certificates,
      more: this.options.settings ?? {},
    };
    writeFileSync(this.file(id, 'properties'), serverProperties(config));
    const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${USER.name},password=${USER.password}]`,
    ]);
    // With `=`: one in 64 ids begins with a dash.
    const format = [
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`,
      '-c',
      this.file(id, 'properties'),
      ...scram,
    ];
    await run('java', [...javaFlags(this.jars), ...format]);
  }

  private async ask(id: number): Promise<Metadata | undefined> {
    const kafka = await loadKafka();
    const client = new kafka.Producer({ 'bootstrap.servers': `127.0.0.1:${this.ports.get(id)?.plain}` });
    client.on('event.error', () => {}); // not there yet
    const metadata = await new Promise<Metadata | undefined>((resolve) => {
      client.connect({ allTopics: false, timeout: ASK_TIMEOUT_MS }, (error, found) =>
        resolve(error ? undefined : found),
      );
    });
    if (client.isConnected()) await new Promise<void>((resolve) => client.disconnect(ASK_TIMEOUT_MS, () => resolve()));
    return metadata;
  }

  private tell(command: KeeperCommand): void {
    this.keeper.send(command);
  }

  private async until(what: string, limitMs: number, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await isSo())) {
      if (Date.now() > deadline) throw new Error(`Kafka: not so after ${limitMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  private file(id: number, kind: 'data' | 'log' | 'properties'): string {
    return join(this.folder, `node-${id}.${kind}`);
  }

  private lastLines(id: number): string {
    return readFileSync(this.file(id, 'log'), 'utf8').trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
  }
}
