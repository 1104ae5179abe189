// test/docs.test.ts: what README.md and docs/ say is so: verdicts, configuration, commands with their options, links.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { decapVerdictTable, verdictTable } from '../assembly/verdict.js';
import { readConfig, readSurfaces } from '../host/cli/config.js';
import { readPublishFromConfig } from '../host/cli/publishFromConfig.js';
import { readDeclared } from '../host/membership/declared.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist/host/cli/main.js');
const README = join(ROOT, 'README.md');
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs')).map((n) => `docs/${n}`),
];

const Docs = suite('docs');

const textOf = (path: string): string => readFileSync(path, 'utf8');
const help = (...command: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...command, '--help'], { encoding: 'utf8', timeout: 30_000 });

/** The code blocks of a page in one language. */
function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms)].flatMap(([, , found, code = '']) =>
    found === language ? [code] : [],
  );
}

Docs('the verdicts of README are those of verdict.ts', () => {
  const rows = [...textOf(README).matchAll(/^\| (\d+) \| `([A-Z0-9_]+)` \| (.+) \|$/gm)];
  assert.equal(
    rows.map(([, number, name, when]) => ({ number: Number(number), name, when })),
    [...verdictTable(), ...decapVerdictTable()],
  );
});

Docs('the configuration and the members that README shows are right', async () => {
  const [config = '', members = ''] = blocksOf(textOf(README), 'yaml');
  const directory = await mkdtemp(join(tmpdir(), 'maglev-dsr-readme-'));
  try {
    await writeFile(join(directory, 'balancer.yaml'), config);
    await writeFile(join(directory, 'members.yaml'), members);
    const args = [MAIN, 'check', '--config', join(directory, 'balancer.yaml')];
    const said = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
    for (const key of ['tcp/192.0.2.80:80', 'udp/192.0.2.80:53']) assert.ok(said.includes(key), said);
  } finally {
    await rm(directory, { recursive: true });
  }
});

Docs('every other configuration that the pages show is right, too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'maglev-dsr-docs-'));
  const path = join(directory, 'config.yaml');
  const written = ['secret', 'kafka-password', 'ca.pem'].map((name) =>
    writeFile(join(directory, name), 's'.repeat(32)),
  );
  await Promise.all(written);
  let blocks = 0;
  try {
    for (const page of PAGES) {
      for (const text of blocksOf(textOf(join(ROOT, page)), 'yaml')) {
        const shown = parse(text) as Record<string, unknown>;
        await writeFile(path, JSON.stringify(wholeOf(shown)));
        if ('vips' in shown) assert.equal(readDeclared(text, page).refusals, [], page);
        else if ('kubernetes' in shown || 'docker' in shown) readPublishFromConfig(path);
        else {
          await readConfig(path);
          readSurfaces(path);
        }
        blocks++;
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
  assert.ok(blocks > 10, `${blocks} were read`);
});

/** What is shown of a balancer's configuration, with what it needs beside. */
function wholeOf({ kafka, ...shown }: Record<string, unknown>): object {
  if ('vips' in shown || 'id' in shown) return shown;
  const topic = { brokers: ['10.0.0.5:9092'], topic: 'balancer-members' };
  const isFleet = kafka !== undefined || 'fleet' in shown;
  const membership = isFleet ? { kafka: kafka ?? topic } : { file: 'members.yaml' };
  return { interfaces: [{ name: 'eth0' }], membership, ...(isFleet && { hashSecretFile: 'secret' }), ...shown };
}

Docs('every command of the pages exists, with its options; README has them all', () => {
  const commands = [...help().matchAll(/^ {2}([a-z-]+) (?:\[|<| {2})/gm)].map(([, name]) => name as string);
  const known = new Set(commands.filter((name) => name !== 'help'));
  const inTable = [...textOf(README).matchAll(/^\| `maglev-dsr ([a-z-]+)[^|]*/gm)];
  const named = new Set(inTable.flatMap(([row]) => [...row.matchAll(/`(?:maglev-dsr )?([a-z-]+)/g)].map(([, n]) => n)));
  assert.equal([...named].sort(), [...known].sort());

  const helpOf = new Map<string, string>();
  let options = 0;
  for (const page of PAGES) {
    for (const line of blocksOf(textOf(join(ROOT, page)), 'sh')
      .join('')
      .split('\n')) {
      const [, name = '', sub = '', rest = ''] = /^maglev-dsr ([a-z-]+) ?([a-z]*)([^#]*)/.exec(line.trim()) ?? [];
      if (name === '') continue;
      assert.ok(known.has(name), `${page}: ${line}`);
      const command = name === 'fleet' ? [name, sub] : [name];
      const text = helpOf.get(`${command}`) ?? help(...command);
      helpOf.set(`${command}`, text);
      for (const [option] of rest.replace(/&&.*/, '').matchAll(/--[a-z0-9-]+/g)) {
        assert.match(text, new RegExp(`^ +(-., )?${option}\\b`, 'm'), `${page}: ${line}`);
        options++;
      }
    }
  }
  assert.ok(options > 20, `${options} options were looked up`);
});

Docs('links between the pages lead to files and headings that are there', () => {
  let links = 0;
  for (const page of PAGES) {
    const path = join(ROOT, page);
    for (const [, target = ''] of textOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', heading] = target.split('#');
      const to = file === '' ? path : resolve(dirname(path), file);
      assert.ok(existsSync(to), `${page}: ${target}`);
      if (heading !== undefined)
        assert.ok(anchorsOf(to).includes(heading), `${page}: ${target} of ${relative(ROOT, to)}`);
      links++;
    }
  }
  assert.ok(links > 30, `${links} links were followed`);
});

/** What a heading is found by: lower case, without punctuation, hyphens for spaces. */
function anchorsOf(path: string): string[] {
  const headings = [
    ...textOf(path)
      .replace(/^( *)```.*?^\1```$/gms, '')
      .matchAll(/^#+ (.*)$/gm),
  ];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- ]/gu, '')
      .replaceAll(' ', '-'),
  );
}

Docs.run();
