// test/live/support/udp.ts: UDP echo through the VIP, counted packet by packet.

import type { LabHost } from '../../../host/demo/lab/labHost.js';
import { LabProgram } from '../../../host/demo/lab/program.js';
import type { Topology } from '../../../host/demo/lab/topology.js';
import type { WebServerConfig, WebServerReport } from '../../../host/demo/programs/webServer.js';
import { GamingLoad } from '../../../host/demo/traffic.js';
import type { FlowReport, UdpClientConfig, UdpClientReport } from '../programs/udpClient.js';
import { ECHO_PORT, HTTP_PORT } from './members.js';

const SCRIPT = new URL('../programs/udpClient.js', import.meta.url);
const SERVER = new URL('../../../host/demo/programs/webServer.js', import.meta.url);
const DONE_TIMEOUT_MS = 30_000;

const SERVER_TIMEOUT_MS = 10_000;

/** Starts the demo's server on every backend: UDP echo that says who echoed, and HTTP; resolves when all serve. */
export async function startEchoServers({ vip, backends }: Topology, { httpPort = HTTP_PORT } = {}): Promise<void> {
  const servers = backends.map(({ name, host, address }) => {
    const config: WebServerConfig = { name, addresses: [vip, address], httpPort, echoPort: ECHO_PORT };
    return new LabProgram<never, WebServerReport>(host, SERVER, config, () => undefined);
  });
  await Promise.all(servers.map((server) => server.first('ready', SERVER_TIMEOUT_MS)));
}

/** Players that send a datagram at a steady pace each, until stop(): for what must not be noticed while traffic flows. */
export function startPacedEcho(
  { client, clientAddresses, vip }: Topology,
  { players, packetsPerSecond }: { players: number; packetsPerSecond: number },
): GamingLoad {
  return new GamingLoad(client, {
    targets: Array.from({ length: players }, () => ({ address: vip, port: ECHO_PORT })),
    localAddress: clientAddresses[0] ?? '',
    firstLocalPort: 25_000,
    packetsPerSecond,
  });
}

/** What is sent; what is left out: 20 flows of 10 datagrams with 64 bytes each, 1 s for an echo. */
type EchoPlan = Partial<UdpClientConfig> & Pick<UdpClientConfig, 'address' | 'localAddress'>;

/** The sums over all flows. */
export interface EchoOutcome {
  sent: number;
  echoed: number;
  wrong: number;
  /** Names of backends that echoed, sorted. */
  backends: string[];
  flows: FlowReport[];
}

/** Sends and waits for the last echo. */
export async function echo(client: LabHost, plan: EchoPlan): Promise<EchoOutcome> {
  const defaults = {
    port: ECHO_PORT,
    firstLocalPort: 20_000,
    flows: 20,
    packetsPerFlow: 10,
    bytes: 64,
    timeoutMs: 1000,
  };
  const config: UdpClientConfig = { ...defaults, ...plan };
  const program = new LabProgram<never, UdpClientReport>(client, SCRIPT, config, () => undefined);
  const { flows } = await program.first('done', DONE_TIMEOUT_MS);
  await program.kill();
  const sum = (field: 'sent' | 'echoed' | 'wrong'): number => flows.reduce((all, flow) => all + flow[field], 0);
  const backends = [...new Set(flows.flatMap((flow) => flow.backends))].sort();
  return { sent: sum('sent'), echoed: sum('echoed'), wrong: sum('wrong'), backends, flows };
}
