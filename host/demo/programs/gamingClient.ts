// host/demo/programs/gamingClient.ts: players that send a small UDP packet at a steady pace and time its echo.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onCommand, readConfig, report } from './parent.js';

/** What the client is started with. */
export interface GamingClientConfig {
  /** Where each player's packets go: one player for each. */
  targets: { address: string; port: number }[];
  localAddress: string;
  /** Player n uses this port + n. */
  firstLocalPort: number;
  /** Of each player. */
  packetsPerSecond: number;
}

/** What one player saw. */
export interface PlayerReport {
  sent: number;
  received: number;
  /** Who echoed, in order of first appearance, and when each was first heard. Unix time, ms. */
  backends: { name: string; sinceMs: number }[];
  /** Of each echo, ms. */
  rttsMs: number[];
  /** When packets were sent that never came back. Unix time, ms. */
  lostAt: number[];
}

/** What the client tells: where it stands, a few times a second, with the median of the last echoes; and all of it at the end. */
export type GamingClientReport =
  | { type: 'progress'; sent: number; received: number; rttP50Ms: number }
  | { type: 'done'; players: PlayerReport[] };

/** `stop`: send no more, wait for what is on its way, report. */
export type GamingClientCommand = { type: 'stop' };

/** As games send: position, input, a sequence number. */
const PACKET_BYTES = 64;
const PROGRESS_MS = 250;
const LAST_ECHOES_MS = 500;
const RECENT_MAX = 200;

interface Player {
  socket: Socket;
  target: { address: string; port: number };
  /** Time each packet was sent, by sequence number; 0 once its echo is there. */
  sentAt: number[];
  report: PlayerReport;
}

const config = readConfig<GamingClientConfig>();
const recent: number[] = [];
let isStopping = false;

function openPlayer(target: { address: string; port: number }, index: number): Promise<Player> {
  const socket = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
  const player: Player = {
    ...{ socket, target, sentAt: [] },
    report: { sent: 0, received: 0, backends: [], rttsMs: [], lostAt: [] },
  };
  socket.on('message', (packet) => receive(player, packet));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(config.firstLocalPort + index, config.localAddress, () => {
      socket.on('error', () => undefined); // an ICMP error: the echo stays away, which is counted
      resolve(player);
    });
  });
}

function send({ socket, target, sentAt, report: { sent } }: Player): void {
  const packet = Buffer.alloc(PACKET_BYTES);
  packet.writeUInt32LE(sent);
  sentAt.push(performance.now());
  socket.send(packet, target.port, target.address);
}

function receive({ sentAt, report: player }: Player, packet: Buffer): void {
  const sequence = packet.readUInt32LE(0);
  const at = sentAt[sequence];
  if (at === undefined || at === 0) return; // a second echo of the same packet does not count
  sentAt[sequence] = 0;
  const rttMs = performance.now() - at;
  const name = packet.toString('utf8', PACKET_BYTES);
  player.received++;
  player.rttsMs.push(rttMs);
  recent.push(rttMs);
  if (recent.length > RECENT_MAX) recent.shift();
  if (!player.backends.some((backend) => backend.name === name)) player.backends.push({ name, sinceMs: Date.now() });
}

function finish({ socket, sentAt, report: player }: Player): PlayerReport {
  socket.close();
  player.lostAt = sentAt.filter((at) => at !== 0).map((at) => Math.round(performance.timeOrigin + at));
  return player;
}

function progress(players: Player[]): GamingClientReport {
  const sorted = [...recent].sort((a, b) => a - b);
  const sum = (field: 'sent' | 'received'): number => players.reduce((all, player) => all + player.report[field], 0);
  const rttP50Ms = sorted[sorted.length >> 1] ?? 0;
  return { type: 'progress', sent: sum('sent'), received: sum('received'), rttP50Ms };
}

onCommand<GamingClientCommand>(() => {
  isStopping = true;
});
const players = await Promise.all(config.targets.map(openPlayer));
const timer = setInterval(() => report(progress(players)), PROGRESS_MS);
const startedAt = performance.now();
while (!isStopping) {
  const due = ((performance.now() - startedAt) * config.packetsPerSecond) / 1000;
  for (const player of players) {
    if (player.report.sent >= due) continue;
    send(player);
    player.report.sent++;
  }
  await sleep(1);
}
await sleep(LAST_ECHOES_MS);
clearInterval(timer);
report<GamingClientReport>({ type: 'done', players: players.map(finish) });
