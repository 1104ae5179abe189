import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { type Divert, openDivert } from '../../host/linux/divert.js';
import { errorOf, inNetns, ip, Peer, run, until } from './netns.js';

const DIVERT = new URL('../../host/linux/divert.js', import.meta.url).href;

await inNetns(import.meta.url, async (makeSuite) => {
  const Rules = makeSuite('linux/divert');
  let peer: Peer;
  let divert: Divert | undefined;

  Rules.before(async () => {
    peer = await Peer.open();
    ip('link set lo up');
    ip('link add va type veth peer name vb');
    ip('link set va address 02:00:00:00:00:01');
    ip(`link set vb netns ${peer.pid}`);
    ip('addr add 10.0.0.1/24 dev va');
    ip('-6 addr add 2001:db8::1/64 dev va nodad');
    ip('addr add 192.0.2.80/32 dev lo');
    ip('addr add 192.0.2.81/32 dev lo');
    ip('-6 addr add 2001:db8:80::80/128 dev lo nodad');
    ip('link set va up');
    peer.ip('addr add 10.0.0.2/24 dev vb');
    peer.ip('-6 addr add 2001:db8::2/64 dev vb nodad');
    peer.ip('link set vb up');
    peer.ip('route add 192.0.2.0/24 via 10.0.0.1');
    peer.ip('-6 route add 2001:db8:80::/48 via 2001:db8::1');
    await until('the way to the VIP', () => answers('192.0.2.80'));
  });
  Rules.after.each(async () => {
    await divert?.close();
    divert = undefined;
    assert.is(tables(), '');
  });
  Rules.after(() => peer.close());

  /** Whether our stack answers a connection attempt of the peer, with a reset, as nobody listens. */
  function answers(vip: string): boolean {
    const script = `
      const s = require('node:net').connect({ host: '${vip}', port: 9, timeout: 300 });
      s.on('error', (e) => { console.log(e.code); s.destroy(); });
      s.on('timeout', () => { console.log('silence'); s.destroy(); });`;
    const outcome = peer.run(process.execPath, '-e', script).trim();
    assert.ok(['ECONNREFUSED', 'silence'].includes(outcome), outcome);
    return outcome === 'ECONNREFUSED';
  }
  const tables = () => run('nft', 'list', 'tables');

  Rules('the stack answers for no VIP, and for all else as before', async () => {
    divert = await openDivert(['va']);
    assert.is(answers('192.0.2.80'), true, 'no addresses yet');
    await divert.set(['192.0.2.80', '2001:db8:80::80']);
    assert.is(answers('192.0.2.80'), false);
    assert.is(answers('2001:db8:80::80'), false);
    assert.is(answers('192.0.2.81'), true);
    assert.is(answers('10.0.0.1'), true);
    await divert.set(['192.0.2.81']);
    assert.is(answers('192.0.2.80'), true);
    assert.is(answers('192.0.2.81'), false);
    await divert.set(['192.0.2.0/24']);
    assert.is(answers('192.0.2.80'), false);
    await divert.close();
    assert.is(answers('192.0.2.80'), true);
    assert.is(await divert.gone, undefined);
    assert.is(tables(), '');
  });

  Rules('of some protocols and ports only: the stack has the rest', async () => {
    divert = await openDivert(['va'], { protocols: [4, 47], udpPorts: [6080] });
    await divert.set(['192.0.2.80', '2001:db8:80::80']);
    assert.is(answers('192.0.2.80'), true, 'TCP is none of them');
    await divert.close();
    divert = await openDivert(['va'], { protocols: [6], udpPorts: [] });
    await divert.set(['192.0.2.80', '2001:db8:80::80']);
    assert.is(answers('192.0.2.80'), false);
    assert.is(answers('2001:db8:80::80'), false);
    assert.is(answers('192.0.2.81'), true);
  });

  Rules('takes overlapping and many addresses, two calls at once, several interfaces', async () => {
    divert = await openDivert(['va', 'lo']);
    const many = Array.from({ length: 2000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    await Promise.all([
      divert.set(['192.0.2.0/24', '192.0.2.80', '192.0.2.80', ...many]),
      divert.set(['192.0.2.0/24', ...many.slice(0, 3), '10.1.0.0/31']),
    ]);
    const listing = run('nft', 'list', 'table', 'netdev', divert.table);
    assert.match(listing, /elements = \{ 10\.1\.0\.0\/31, 10\.1\.0\.2,\s+192\.0\.2\.0\/24 \}/);
    assert.match(listing, /device "va" priority -500/);
    assert.match(listing, /device "lo" priority -500/);
    assert.match(divert.table, new RegExp(`^maglev-dsr-${process.pid}-\\d+$`));
  });

  Rules('is gone after SIGKILL of the process that made it', async () => {
    const script = `
      const { openDivert } = await import(${JSON.stringify(DIVERT)});
      const divert = await openDivert(['va']);
      await divert.set(['192.0.2.80']);
      console.log(divert.table);
      process.stdin.resume();`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [table] = await once(owner.stdout, 'data');
    assert.is(tables(), `table netdev ${table}`);
    owner.kill('SIGKILL');
    await until('no table', () => tables() === '');
  });

  Rules('does not keep the process alive', async () => {
    const script = `
      const { openDivert } = await import(${JSON.stringify(DIVERT)});
      await (await openDivert(['va'])).set(['192.0.2.80']);
      console.log('end');`;
    assert.is(run(process.execPath, '--input-type=module', '-e', script), 'end\n');
    await until('no table', () => tables() === '');
  });

  Rules('tells when nft is killed, and refuses from then on', async () => {
    divert = await openDivert(['va']);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const nft = children.find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'nft\n');
    process.kill(Number(nft), 'SIGKILL');
    const error = await divert.gone;
    assert.is(error?.message, 'nft(8), which held the rules for va, was ended by SIGKILL');
    assert.is((await errorOf(() => divert?.set(['192.0.2.80']))).message, error?.message);
    await divert.close();
  });

  Rules('refuses after close(), and what is not an address', async () => {
    const rules = await openDivert(['va']);
    assert.is((await errorOf(() => rules.set(['192.0.2.80; flush ruleset']))).code, 'ERR_OPTION');
    await rules.close();
    await rules.close();
    assert.is((await errorOf(() => rules.set([]))).code, 'ERR_CLOSED');
  });

  Rules('names that nft would read as something else', async () => {
    const rule = 'must have only letters, digits and _ . + @ - to be named to nft(8), or divert: false';
    for (const name of ['a"b', 'eth*', 'a;b', 'a{b', 'a\\b']) {
      const error = await errorOf(() => openDivert([name]));
      assert.is(error.message, `interfaces[0].name ${JSON.stringify(name)} ${rule}`);
    }
    for (const name of ['', '.', '..', 'a/b', 'a b', 'a:b', 'sixteen-bytes-xx', 'a\nb']) {
      assert.is((await errorOf(() => openDivert(['va', name]))).code, 'ERR_OPTION', name);
    }
  });

  Rules('without nft(8), and without the right to use it', async () => {
    const attempt = `
      const { openDivert } = await import(${JSON.stringify(DIVERT)});
      await openDivert(['va']).catch((e) => console.log(JSON.stringify([e.code, e.message])));`;
    const node = [process.execPath, '--input-type=module', '-e', attempt];
    assert.is(
      run('env', 'PATH=/nonexistent', ...node),
      '["ERR_MISSING","nft(8) not found; apt install nftables, or divert: false"]\n',
    );
    const [code, message] = JSON.parse(run('setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', ...node));
    assert.is(code, 'ERR_SYSCALL');
    assert.match(message, /^nft\(8\) on va: .*Operation not permitted; it needs CAP_NET_ADMIN$/);
  });

  Rules.run();
});
