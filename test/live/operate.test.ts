// Operating one balancer as its operator does: status over the control socket, metrics over HTTP, also after a kill.
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { Answers } from '../../host/control/protocol.js';
import type { LabHost } from '../../host/demo/lab/labHost.js';
import { withTopology } from './lab.js';
import { CommandBalancer, failedRun } from './support/commandBalancer.js';
import { tryOnce } from './support/curl.js';
import { webVip, writeMembers } from './support/members.js';
import { liveSuiteWith } from './support/suite.js';
import { startEchoServers } from './support/udp.js';
import { until } from './support/until.js';

const live = liveSuiteWith('live/operate', ['curl']);
const COMMAND = fileURLToPath(new URL('../../host/cli/main.js', import.meta.url));
const VISITS = 10;

async function askStatus(host: LabHost, socket: string): Promise<Answers['status']> {
  const { stdout } = await host.exec(process.execPath, [COMMAND, 'status', '--socket', socket, '--json']);
  return JSON.parse(stdout) as Answers['status'];
}

live('status and metrics say what was forwarded, dropped, and where', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer: host, client, vip, backends } = topology;
    await startEchoServers(topology);
    const socket = join(lab.directory, 'control.sock');
    const config = { control: { socket: 'control.sock' }, metrics: { listen: '127.0.0.1:9464' } };
    const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)], config });
    assert.is(statSync(socket).mode & 0o777, 0o600);
    for (let visit = 0; visit < VISITS; visit++) assert.is((await tryOnce(client, vip)).exitCode, 0);
    assert.is((await tryOnce(client, vip, { port: 81, timeoutMs: 100 })).exitCode, 28); // no such VIP: its SYNs are dropped

    const { hello, status, stats } = await askStatus(host, socket);
    assert.equal([hello.pid, hello.interfaces], [balancer.child.pid, ['eth0']]);
    assert.is(status.source.viewAgeMs, 0);
    const key = `tcp/${vip}:80`;
    assert.equal(
      status.vips[0]?.backends.map(({ address, state }) => [address, state]),
      backends.map(({ address }) => [address, 'active']),
    );
    const forwarded = stats.verdicts.FORWARD_L2 ?? 0;
    assert.ok(forwarded >= VISITS * 4, `${forwarded} frames for ${VISITS} connections`); // SYN, ACK, request, FIN
    assert.ok((stats.verdicts.DROP_NO_VIP ?? 0) >= 1);
    const perBackend = backends.map(({ address }) => stats.backends[`${key}/${address}`]?.packets ?? 0);
    assert.is(
      perBackend.reduce((sum, packets) => sum + packets, 0),
      forwarded,
    );
    assert.is(stats.vips[key]?.packets, forwarded);

    const { stdout: metrics } = await host.exec('curl', ['-sS', 'http://127.0.0.1:9464/metrics']);
    const value = (name: string): number =>
      Number(
        metrics
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    assert.is(value('maglev_frames_total{class="forward",verdict="FORWARD_L2"}'), forwarded);
    assert.is(value(`maglev_vip_packets_total{vip="${key}"}`), forwarded);
    assert.is(value('maglev_lost_below_total{interface="eth0"}'), 0);
    assert.is(value('maglev_ready'), 1);
    const outside = await client.exec(
      'curl',
      ['-sS', '--max-time', '1', `http://${topology.balancerAddress}:9464/metrics`],
      {
        anyExitCode: true,
      },
    );
    assert.is(outside.exitCode, 7); // refused: it listens where it was told to

    const text = await host.exec(process.execPath, [COMMAND, 'status', '--socket', socket]);
    assert.match(text.stdout, new RegExp(`^FORWARD_L2 +${forwarded}$`, 'm'));
    const { end } = await balancer.stop();
    assert.is(end, 0);
    assert.is(existsSync(socket), false);
    const none = await host.exec(process.execPath, [COMMAND, 'status', '--socket', socket], { anyExitCode: true });
    assert.equal([none.exitCode, none.stdout], [1, '']);
    assert.is(none.stderr, `maglev-dsr: control socket ${socket}: is not there; no balancer runs\n`);
  });
});

live('--watch goes on until it is told to stop, and ends well', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer: host } = topology;
    const socket = join(lab.directory, 'control.sock');
    const config = { control: { socket } };
    const balancer = await CommandBalancer.start(topology, { members: [webVip(topology)], config });
    const watch = host.spawn(
      process.execPath,
      [COMMAND, 'status', '--socket', socket, '--watch', '--json', '--interval', '0.1'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const seen: Answers['status'][] = [];
    if (watch.stdout !== null)
      createInterface({ input: watch.stdout }).on('line', (line) => seen.push(JSON.parse(line)));
    await until('three answers', () => seen.length >= 3);
    watch.kill('SIGINT');
    await until('its end', () => watch.exitCode !== null);
    assert.is(watch.exitCode, 0);
    assert.ok((seen[2]?.atMs ?? 0) - (seen[1]?.atMs ?? 0) >= 90, 'faster than asked for');
    await balancer.stop();
  });
});

live('without a word in the configuration, status finds the balancer of this user', async () => {
  await withTopology('one-armed', {}, async (topology) => {
    const { lab, balancer: host } = topology;
    const config = join(lab.directory, 'balancer.yaml');
    await writeMembers(join(lab.directory, 'members.yaml'), [webVip(topology)]);
    await writeFile(config, JSON.stringify({ interfaces: [{ name: 'eth0' }], membership: { file: 'members.yaml' } }));
    const script = `
      mount -t tmpfs tmpfs /run && mkdir -p /run/maglev-dsr && cd /run/maglev-dsr || exit 9
      node -e 'require("net").createServer().listen("dead.sock", () => process.kill(process.pid, "SIGKILL"))'
      ls; "$0" "$1" run --config ${config} --log-level warn & pid=$!
      while ! test -e eth0.sock; do sleep 0.1; done
      ls; "$0" "$1" status --json; kill $pid; wait $pid; ls; "$0" "$1" status`;
    const args = ['--mount', 'sh', '-c', script, process.execPath, COMMAND];
    const { stdout, stderr, exitCode } = await host.exec('unshare', args, { anyExitCode: true, timeoutMs: 20_000 });
    const [before, during, answer, ...after] = stdout.split('\n');
    assert.equal([before, during], ['dead.sock', 'eth0.sock'], stderr); // what was killed is cleared away
    assert.equal((JSON.parse(answer ?? '') as Answers['status']).hello.interfaces, ['eth0']);
    assert.equal(after, ['']); // and it leaves nothing
    assert.is(exitCode, 1);
    assert.match(stderr, /no balancer of this user runs here: none answers in \/run\/maglev-dsr/);
  });
});

live('a second balancer on the same socket is refused by pid; after SIGKILL the file is in nobody’s way', async () => {
  await withTopology('two-armed', {}, async (topology) => {
    const { lab, balancer: host, balancerLinks } = topology;
    const socket = join(lab.directory, 'control.sock');
    const on = (name: string | undefined) => ({ interfaces: [{ name }], control: { socket }, divert: false });
    const members = [webVip(topology)];
    const first = await CommandBalancer.launch(topology, { members, config: on(balancerLinks[0]) });
    await until('it to answer', () => existsSync(socket), 10_000);
    const second = await CommandBalancer.launch(topology, { members, config: on(balancerLinks[1]) });
    await until('its end', () => second.hasEnded, 10_000);
    assert.is(second.child.exitCode, 1);
    const { stderr } = await failedRun(topology);
    assert.match(stderr, new RegExp(`control socket ${socket} is served by pid ${first.child.pid}`));
    assert.is((await askStatus(host, socket)).hello.pid, first.child.pid);

    await first.stop('SIGKILL');
    assert.is(existsSync(socket), true);
    const third = await CommandBalancer.launch(topology, { members, config: on(balancerLinks[1]) });
    await until('it to be ready', () => third.events.some(({ event }) => event === 'ready'), 10_000);
    await until(
      'an answer',
      async () => (await askStatus(host, socket).catch(() => undefined))?.hello.pid === third.child.pid,
    );
    await third.stop();
    assert.is(existsSync(socket), false);
  });
});

live.run();
