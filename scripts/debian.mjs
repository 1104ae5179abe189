// scripts/debian.mjs: what a job needs from Debian or Ubuntu, and how it gets there.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';
/** invoke-rc.d(8): 101 = action forbidden by policy. */
const POLICY_FORBIDS = '#!/bin/sh\nexit 101\n';

/** A package is there when its file is: quicker than asking dpkg, and right where it was not installed by dpkg. */
const PACKAGES = {
  iproute2: { program: 'ip', why: 'makes the networks of demo and tests' },
  nftables: { program: 'nft', why: 'keeps the host from answering for the VIPs' },
  'build-essential': { program: 'c++', why: 'compiles node-rdkafka and the C twins of the benchmark' },
  python3: { program: 'python3', why: 'compiles node-rdkafka (node-gyp)' },
  'libssl-dev': { file: '/usr/include/openssl/ssl.h', why: 'TLS and SCRAM to Kafka' },
  'zlib1g-dev': { file: '/usr/include/zlib.h', why: 'gzip messages from Kafka' },
  tshark: { program: 'tshark', why: 'reads what we put on the wire' },
  curl: { program: 'curl', why: 'an HTTP client that is not ours' },
  nginx: { program: 'nginx', why: 'an HTTP server that is not ours' },
  iperf3: { program: 'iperf3', why: 'bulk traffic that is not ours' },
  'default-jre-headless': { program: 'java', why: 'runs the Apache Kafka that tests run against' },
  maven: { program: 'mvn', why: 'fetches that Kafka' },
  openssl: { program: 'openssl', why: 'makes certificates for the TLS tests' },
  tcpdump: { program: 'tcpdump', why: 'records what crossed an interface' },
};

const COMPILE = ['build-essential', 'python3', 'libssl-dev', 'zlib1g-dev'];

// Not where an existing cluster is named.
const kafkaPackages = () => ((process.env.KAFKA_BROKERS ?? '') === '' ? ['default-jre-headless', 'maven'] : []);

/** Packages of a job: without the needed ones it cannot do its work; without the others it skips something and says so. */
export function packagesOf(job, { mustCompile }) {
  const isOffline = job === 'fuzz' || job === 'conformance';
  const needed = ['demo', 'test'].includes(job) ? ['iproute2', 'nftables'] : [];
  const wanted = {
    demo: [],
    test: ['tshark', 'curl', 'nginx', 'iperf3', 'tcpdump', 'openssl', ...kafkaPackages()],
    bench: ['build-essential'],
    'bench-kafka': ['iproute2', 'nftables', ...kafkaPackages()],
    fuzz: [],
    conformance: [],
  }[job];
  if (!mustCompile || isOffline) return { needed, wanted };
  // The demo's broker is librdkafka's; the others do without, and say so. The -dev packages are optional for librdkafka.
  if (job === 'demo')
    return { needed: [...needed, 'build-essential', 'python3'], wanted: ['libssl-dev', 'zlib1g-dev'] };
  return { needed, wanted: [...new Set([...wanted, ...(job === 'bench' ? [] : COMPILE)])] };
}

/** Those of `names` that are not there. */
export function missingPackages(names) {
  const path = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return names.filter((name) => {
    const { program, file } = PACKAGES[name];
    return file !== undefined ? !existsSync(file) : !path.some((folder) => existsSync(join(folder, program)));
  });
}

/** One line a package: its name and what it is for. */
export function describePackages(names) {
  return names.map((name) => `  ${name.padEnd(16)} ${PACKAGES[name].why}`).join('\n');
}

/** The command that installs packages, for people. */
export function installCommand(names) {
  return `sudo apt-get install --no-install-recommends ${names.join(' ')}`;
}

/** True when we may install packages: root, with apt-get. */
export function canInstall() {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

function aptGet(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-q', '-y', ...args], { env, stdio: ['ignore', 2, 2] }).status === 0;
}

/** Installs packages, without starting a service that comes with one (nginx would take port 80). Returns whether it worked. */
export function installPackages(names) {
  const isPolicyOurs = !existsSync(POLICY);
  if (isPolicyOurs) writeFileSync(POLICY, POLICY_FORBIDS, { mode: 0o755 });
  try {
    const install = ['install', '--no-install-recommends', ...names];
    // A fresh image has no package lists, an old one has stale ones; try what is there first.
    return aptGet(...install) || (aptGet('update') && aptGet(...install));
  } finally {
    if (isPolicyOurs) rmSync(POLICY, { force: true });
  }
}
