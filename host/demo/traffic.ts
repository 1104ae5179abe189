// host/demo/traffic.ts: the programs that serve and those that ask, started in the lab, and what they told.
import type { LabHost } from './lab/labHost.js';
import { LabProgram } from './lab/program.js';
import type { LabBackend, Topology } from './lab/topology.js';
import type {
  GamingClientCommand,
  GamingClientConfig,
  GamingClientReport,
  PlayerReport,
} from './programs/gamingClient.js';
import type { ConnectionReport, HttpClientCommand, HttpClientConfig, HttpClientReport } from './programs/httpClient.js';
import type { ProxyConfig, ProxyReport } from './programs/proxy.js';
import type { WebServerConfig, WebServerReport } from './programs/webServer.js';

/** Ports that the backends serve on, at the VIP and at their own addresses. */
export const HTTP_PORT = 80;
export const ECHO_PORT = 9000;
/** Where the proxy listens, at the balancer's own address. */
export const PROXY_PORT = 8080;

const PROGRAMS = new URL('programs/', import.meta.url);
const START_TIMEOUT_MS = 10_000;
/** A connection without progress for so long has failed. SYNs are repeated after 1, 3 and 7 s: one of them must have a chance. */
const CONNECTION_TIMEOUT_MS = 8000;
const END_TIMEOUT_MS = CONNECTION_TIMEOUT_MS + 4000;

/** The web servers, one a backend, and who connected to which. */
export class DemoServers {
  /** Name of the backend that accepted a connection, by the client's end of it: `10.0.0.101 20017`. */
  readonly acceptedBy = new Map<string, string>();
  readonly #programs = new Map<string, LabProgram<never, WebServerReport>>();

  /** Starts a server on every backend; resolves when all of them serve. */
  static async start({ vip, backends }: Topology): Promise<DemoServers> {
    const servers = new DemoServers();
    for (const backend of backends) servers.#start(vip, backend);
    await Promise.all([...servers.#programs.values()].map((program) => program.first('ready', START_TIMEOUT_MS)));
    return servers;
  }

  #start(vip: string, { name, host, address }: LabBackend): void {
    const config: WebServerConfig = { name, addresses: [vip, address], httpPort: HTTP_PORT, echoPort: ECHO_PORT };
    const program = new LabProgram<never, WebServerReport>(
      host,
      new URL('webServer.js', PROGRAMS),
      config,
      (report) => {
        if (report.type === 'accepted') this.acceptedBy.set(report.client, name);
      },
    );
    this.#programs.set(name, program);
  }

  /** Ends a backend's server as a crash would. */
  async kill(name: string): Promise<void> {
    await this.#programs.get(name)?.kill();
  }
}

/** What an HTTP load is to do; the rest of the program's configuration is the same for all. */
type HttpLoadPlan = Pick<
  HttpClientConfig,
  | 'address'
  | 'port'
  | 'firstLocalPort'
  | 'connectionsPerSecond'
  | 'connectionsMax'
  | 'requestsPerConnection'
  | 'requestEveryMs'
  | 'objects'
>;

/** HTTP connections from the client host: visitors, keep-alive connections, probes or downloads. */
export class HttpLoad {
  /** Connections that are over. */
  readonly connections: ConnectionReport[] = [];
  progress = { requests: 0, connections: 0, open: 0, failures: 0, bytes: 0 };
  readonly #program: LabProgram<HttpClientCommand, HttpClientReport>;

  constructor({ client, clientAddresses }: Topology, plan: HttpLoadPlan) {
    const config: HttpClientConfig = { ...plan, clientAddresses, timeoutMs: CONNECTION_TIMEOUT_MS };
    this.#program = new LabProgram(client, new URL('httpClient.js', PROGRAMS), config, (report: HttpClientReport) => {
      if (report.type === 'connection') this.connections.push(report);
      if (report.type === 'progress') this.progress = report;
    });
  }

  /** Waits until all connections are over by themselves. */
  async done(timeoutMs: number): Promise<void> {
    await this.#program.first('done', timeoutMs);
    await this.#program.kill();
  }

  /** Opens no more connections, lets those that are open finish what they are at. */
  async stop(): Promise<void> {
    this.#program.send({ type: 'stop' });
    await this.done(END_TIMEOUT_MS);
  }
}

/** Players that send UDP packets and time the echoes. */
export class GamingLoad {
  progress = { sent: 0, received: 0, rttP50Ms: 0 };
  readonly #program: LabProgram<GamingClientCommand, GamingClientReport>;

  constructor(client: LabHost, config: GamingClientConfig) {
    this.#program = new LabProgram(
      client,
      new URL('gamingClient.js', PROGRAMS),
      config,
      (report: GamingClientReport) => {
        if (report.type === 'progress') this.progress = report;
      },
    );
  }

  /** Stops sending; resolves with what each player saw. */
  async stop(): Promise<PlayerReport[]> {
    this.#program.send({ type: 'stop' });
    const { players } = await this.#program.first('done', END_TIMEOUT_MS);
    await this.#program.kill();
    return players;
  }
}

/** Starts the plain Node proxy where the balancer is, before these backends. */
export async function startProxy(
  topology: Topology,
  backends: readonly LabBackend[],
): Promise<LabProgram<never, ProxyReport>> {
  const config: ProxyConfig = {
    address: topology.balancerAddress,
    port: PROXY_PORT,
    backends: backends.map(({ address }) => ({ address, port: HTTP_PORT })),
  };
  const script = new URL('proxy.js', PROGRAMS);
  const proxy = new LabProgram<never, ProxyReport>(topology.balancer, script, config, () => undefined);
  await proxy.first('ready', START_TIMEOUT_MS);
  return proxy;
}
