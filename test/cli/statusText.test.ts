// What `maglev-dsr status` shows, as a whole: columns that line up, in both families, with rates where there is a before.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type StatusAnswer, statusLines } from '../../host/cli/statusText.js';
import { bytesText, durationText, grouped, textTable } from '../../host/cli/textTable.js';
import type { Vip } from '../../host/membership/event.js';
import { backend, PaperBalancer, vip, WEB } from '../fleet/support.js';

const Text = suite('cli/statusText');
const DNS = 'udp/[2001:db8::53]:53';

async function answer(): Promise<StatusAnswer> {
  const paper = new PaperBalancer();
  await paper.read([
    vip(),
    backend(9, { weight: 3 }),
    backend(66),
    { put: { address: '2001:db8::53', protocol: 'udp', port: 53, tableSize: 4099 } },
    { put: { vip: DNS, address: '2001:db8:0:1::9' } },
    vip(81),
  ]);
  const hello = { pid: 4711, version: '0.1.0', startedAtMs: 0, interfaces: ['eth0'] };
  const [status, stats] = [paper.status(), paper.stats()];
  Object.assign(stats.verdicts, { FORWARD_L2: 1_234_567, DROP_NO_VIP: 12 });
  stats.backends[`${WEB}/10.0.1.9`] = { packets: 925_000, octets: 1_430_000_000 };
  return { hello, atMs: 3_720_000, status, stats };
}

const lines = (text: string): string[] => text.split('\n').slice(1, -1);

Text('ways before the table, and a server id that two backends have', async () => {
  const paper = new PaperBalancer();
  const put = { ...(vip() as { put: Vip }).put, routeBy: ['tcp-option' as const] };
  await paper.read([{ put }, backend(9, { serverId: 7 }), backend(66, { serverId: [7, 8] })]);
  const hello = { pid: 4711, version: '0.1.0', startedAtMs: 0, interfaces: ['eth0'] };
  const told = statusLines({ hello, atMs: 3_720_000, status: paper.status(), stats: paper.stats() });
  const at = told.findIndex((text) => text.startsWith(WEB));
  assert.equal(told.slice(at, at + 2), [
    `${WEB}  4,099 slots, 0 tracked, by tcp-option first; 0 packets, 0 B`,
    '  server id 7 of backend 10.0.1.66, expected once in a VIP: that of 10.0.1.9, whose address is lower; 10.0.1.66 is not named by it',
  ]);
});

Text('everything of a balancer', async () => {
  assert.equal(
    statusLines(await answer()),
    lines(`
maglev-dsr 0.1.0  eth0  pid 4711  up 1 h 2 min  ready

source      paper: live, up to date, read up to 0:6
membership  generation 2, 3 VIPs, 0 backends pending, 0 records refused
kernel      filter bpf, host stack not kept out, 0 worker restarts
memory      tables 24.8 kB of 2.10 MB, flows 0 of 4,096

INTERFACE  STATE   MTU  WORKERS  RECEIVED  LOST BELOW
eth0       up     1500        1         0           0

tcp/192.0.2.80:80  4,099 slots, 0 tracked; 0 packets, 0 B
  BACKEND    STATE   WEIGHT  SLOTS   SHARE  ENCAP  NEXT HOP           PACKETS    BYTES
  10.0.1.9   active       3  3,074  75.0 %  l2     02:00:00:00:01:09  925,000  1.43 GB
  10.0.1.66  active       1  1,025  25.0 %  l2     NO WAY: no answer        0      0 B

udp/[2001:db8::53]:53  4,099 slots, 0 tracked; 0 packets, 0 B
  BACKEND          STATE   WEIGHT  SLOTS    SHARE  ENCAP  NEXT HOP           PACKETS  BYTES
  2001:db8:0:1::9  active       1  4,099  100.0 %  l2     02:00:00:00:01:09        0    0 B

tcp/192.0.2.81:80  4,099 slots, 0 tracked; 0 packets, 0 B
  no backends

VERDICT         FRAMES
FORWARD_L2   1,234,567
DROP_NO_VIP         12
`),
  );
});

Text('one VIP, two seconds later: what was counted a second', async () => {
  const before = await answer();
  const now = structuredClone(before);
  now.atMs += 2000;
  (now.stats.verdicts.FORWARD_L2 as number) += 3000;
  now.stats.backends[`${WEB}/10.0.1.9`] = { packets: 926_000, octets: 1_431_000_000 };
  now.stats.events.flowHit = 3;
  const shown = statusLines(now, { before, vip: WEB });
  assert.equal(
    shown.slice(-12),
    lines(`

tcp/192.0.2.80:80  4,099 slots, 0 tracked; 0 packets, 0 B, 0 a second
  BACKEND    STATE   WEIGHT  SLOTS   SHARE  ENCAP  NEXT HOP           PACKETS    BYTES  PER S
  10.0.1.9   active       3  3,074  75.0 %  l2     02:00:00:00:01:09  926,000  1.43 GB    500
  10.0.1.66  active       1  1,025  25.0 %  l2     NO WAY: no answer        0      0 B      0

VERDICT         FRAMES  PER S
FORWARD_L2   1,237,567  1,500
DROP_NO_VIP         12      0

flowHit 3

`),
  );
});

Text('a source that is away says so, and for how long', async () => {
  const away = await answer();
  Object.assign(away.status, { isReady: false });
  Object.assign(away.status.source, { state: 'stale', viewAgeMs: 90_000, reason: 'brokers do not answer' });
  const shown = statusLines({ ...away, fleetProblem: 'topic x is not there' });
  assert.match(shown[0] ?? '', /NOT READY$/);
  assert.is(shown[2], 'source      paper: STALE, view 1 min 30 s old, read up to 0:6 (brokers do not answer)');
  assert.ok(shown.includes('fleet       NO REPORTS: topic x is not there'));
});

Text('numbers, sizes, times', () => {
  assert.equal([0, 999, 1000, 12_345_678].map(grouped), ['0', '999', '1,000', '12,345,678']);
  assert.equal([0, 999, 1000, 999_499, 999_500, 5e15].map(bytesText), [
    '0 B',
    '999 B',
    '1.00 kB',
    '999 kB',
    '1.00 MB',
    '5.00 PB',
  ]);
  assert.equal([0, 9_940, 59_000, 60_000, 3_599_000, 3_600_000, 48 * 3_600_000].map(durationText), [
    '0.0 s',
    '9.9 s',
    '59 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '2 d 0 h',
  ]);
  assert.equal(textTable([{ head: 'A' }, { head: 'B', align: 'right' }], [['long', '1']], ' '), [
    ' A     B',
    ' long  1',
  ]);
});

Text.run();
