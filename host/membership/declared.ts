// host/membership/declared.ts: the file that states VIPs and their backends, for people; read by fileSource and by `apply`.
//
//   vips:
//     - vip: tcp/192.0.2.80:80          # or address, protocol and port; JSON does as well as YAML
//       encap: ipip                     # short for { type: ipip }
//       routeBy: source                 # short for [source]
//       sourceRoutes: { 198.51.100.0/24: 10.0.1.9 }
//       backends:
//         - 10.0.1.9                    # short for { address: 10.0.1.9 }
//         - { address: 10.0.1.10, weight: 3, state: draining }
//
// Instead of a list, `vips` and `backends` may be mappings by key and by address. Anchors and merge keys (<<) work.
// One mistake and the whole file is refused: half a file is never what its writer meant.
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import type { RecordMap } from './difference.js';
import { encapOf, familyRule } from './encap.js';
import type { Refusal } from './event.js';
import { readKey } from './key.js';
import { type CanonicalBackend, type CanonicalVip, readBackend, readVip } from './record.js';
import { type Broken, refusalAt, showValue } from './refusal.js';
import { serverIdsOf } from './ways.js';

/** Largest file, in bytes: about 100,000 backends. */
export const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Deepest nesting of a file; a backend in its mapping has 6. */
const FILE_DEPTH_MAX = 32;
/** Refusals of one file that are told; the rest of a broken file says nothing new. */
const FILE_REFUSALS_MAX = 20;

/** The records of a file by key, or why it was refused. */
export type Declared = { records: RecordMap; refusals: [] } | { records?: never; refusals: Refusal[] };

/** An entry of a list or mapping. `isBare`: a key without a value, `{ 10.0.1.9 }`; the node is then the key. */
type Item = { name?: string; node: Node; isBare?: boolean };

/** Reads the text of a file. `path` is for messages. Never throws. */
export function readDeclared(text: string, path: string): Declared {
  return new Reader(text, path).read();
}

class Reader {
  private readonly lines = new LineCounter();
  private document: Document.Parsed | undefined;
  private readonly refusals: Refusal[] = [];
  private readonly records = new Map<string, CanonicalVip | CanonicalBackend>();
  private readonly lineOfKey = new Map<string, number>();
  private readonly lineOfId = new Map<string, number>(); // by VIP and server id

  constructor(
    private readonly text: string,
    private readonly path: string,
  ) {}

  read(): Declared {
    const root = this.parse();
    if (this.refusals.length === 0) this.readRoot(root);
    if (this.refusals.length > 0) return { refusals: this.refusals.slice(0, FILE_REFUSALS_MAX) };
    return { records: this.records, refusals: [] };
  }

  // In two steps: the first makes tokens without recursion, the second goes down into them, and Node ends the process when the
  // stack is gone in the wrong place (`RegExpCompiler Allocation failed`). So the depth is looked at in between.
  private parse(): Node | null {
    const tokens = [...new Parser(this.lines.addNewLine).parse(this.text)];
    const tooDeep = tokens.map(findTooDeep).find((token) => token !== undefined);
    if (tooDeep !== undefined) {
      const rule = `expected at most ${FILE_DEPTH_MAX} levels of nesting`;
      this.refuse(tooDeep.offset, { field: 'text', value: 'is nested too deep', rule });
      return null;
    }
    // YAML 1.2: `no` and `on` are text, 010 is ten. Merge keys (<<) on top.
    const composer = new Composer({ lineCounter: this.lines, merge: true });
    const [document, second] = [...composer.compose(tokens, true, this.text.length)];
    for (const error of document?.errors ?? []) this.refuse(error.pos[0], syntaxBroken(error));
    if (second !== undefined) {
      this.refuse(second.range[0], { field: 'text', value: 'has a second document', rule: 'expected one' });
    }
    this.document = document;
    return document?.contents ?? null;
  }

  private readRoot(root: Node | null): void {
    // An empty file is more likely half written, or truncated, than the wish to take every VIP away.
    const rule = 'expected `vips:`, and `vips: []` to state that there is none';
    const vips = isMap(root) ? (root.get('vips', true) as Node | undefined) : undefined;
    if (!isMap(root) || vips === undefined) {
      this.refuse(0, { field: 'file', value: root === null ? 'is empty' : 'has no vips', rule });
      return;
    }
    for (const { key } of root.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (name === 'vips') continue;
      this.refuse(startOf(key), { field: 'field', value: showValue(name), rule: 'expected vips only' });
    }
    for (const item of this.items(vips, 'vips', 'a list, or a mapping by key')) this.readVip(item);
  }

  private readVip({ name, node, isBare }: Item): void {
    const body = isBare ? null : this.value(node);
    if (body === undefined) return;
    const { backends: list, vip: reference = name, ...fields } = expandShort(shortVip(body));
    const named = reference === undefined ? {} : this.vipFields(reference, node);
    if (named === undefined) return;
    const vip = readVip({ ...named, ...fields }, 'strict');
    if ('rule' in vip) {
      this.refuse(this.fieldStart(node, vip.field), vip);
      return;
    }
    if (!this.add(vip, node)) return;
    const backends = isMap(node) ? (node.get('backends', true) as Node | undefined) : undefined;
    if (list === undefined || list === null) return;
    if (backends === undefined) {
      const rule = 'expected in the VIP itself, not through a merge key';
      this.refuse(startOf(node), { field: 'backends', value: showValue(list), rule, key: vip.key });
      return;
    }
    for (const item of this.items(backends, 'backends', 'a list, or a mapping by address'))
      this.readBackend(vip.key, item);
  }

  private readBackend(vipKey: string, { name, node, isBare }: Item): void {
    const body = isBare ? null : this.value(node);
    if (body === undefined) return;
    const isShort = typeof body === 'string' && name === undefined;
    const fields = isShort ? { address: body } : expandShort(body ?? {});
    const backend = readBackend({ ...(name === undefined ? {} : { address: name }), ...fields, vip: vipKey }, 'strict');
    if ('rule' in backend) {
      this.refuse(this.fieldStart(node, backend.field), backend);
      return;
    }
    const rule = this.familyRule(backend);
    if (rule === undefined) this.refuseServerId(backend, node, this.add(backend, node));
    else {
      const { address } = backend.backend;
      this.refuse(this.fieldStart(node, 'address'), {
        field: 'address',
        value: showValue(address),
        rule,
        key: backend.key,
      });
    }
  }

  // A topic has a rule for two backends with one id (names.ts); in a file it is a mistake that can be seen.
  private refuseServerId({ key, vipKey, backend }: CanonicalBackend, node: Node, isNew: boolean): void {
    if (!isNew || backend.state === 'down') return;
    for (const id of serverIdsOf(backend)) {
      const name = `${vipKey} ${id}`;
      const before = this.lineOfId.get(name);
      if (before === undefined) this.lineOfId.set(name, this.lineOf(startOf(node)));
      else {
        const rule = `expected once in a VIP, but for backends that are down, is on line ${before} already`;
        this.refuse(this.fieldStart(node, 'serverId'), { field: 'serverId', value: showValue(id), rule, key });
      }
    }
  }

  // Here, where the VIP is known, its encapsulation has a say too.
  private familyRule({ vipKey, backend }: CanonicalBackend): string | undefined {
    const record = this.records.get(vipKey);
    if (record?.kind !== 'vip') return undefined;
    return familyRule(encapOf(record.vip, backend), { key: vipKey, address: record.vip.address }, backend.address);
  }

  // `vip: tcp/192.0.2.80:80` stands for address, protocol and port.
  private vipFields(reference: unknown, node: Node): object | undefined {
    const key = typeof reference === 'string' ? readKey(reference) : 'expected a key such as tcp/192.0.2.80:80';
    if (typeof key !== 'string' && key.backend === undefined) {
      const prefix = key.prefixBits === undefined ? '' : `/${key.prefixBits}`;
      return { protocol: key.protocol, address: `${key.address}${prefix}`, port: key.port };
    }
    const rule = typeof key === 'string' ? key : 'expected the key of a VIP, without a backend behind it';
    this.refuse(this.fieldStart(node, 'vip'), { field: 'vip', value: showValue(reference), rule });
    return undefined;
  }

  private add(record: CanonicalVip | CanonicalBackend, node: Node): boolean {
    const line = this.lineOf(startOf(node));
    const before = this.lineOfKey.get(record.key);
    if (before === undefined) {
      this.lineOfKey.set(record.key, line);
      this.records.set(record.key, record);
      return true;
    }
    const value = record.kind === 'vip' ? record.key : record.backend.address;
    const rule = `expected once, is on line ${before} already`;
    this.refuse(startOf(node), {
      field: record.kind === 'vip' ? 'vip' : 'address',
      value: showValue(value),
      rule,
      key: record.key,
    });
    return false;
  }

  private items(node: Node, field: string, rule: string): Item[] {
    const resolved = this.resolve(node);
    if (isSeq(resolved)) return resolved.items.map((item) => ({ node: this.resolve(item as Node) }));
    if (isMap(resolved)) {
      return resolved.items.map(({ key, value }) => {
        const name = String(isScalar(key) ? key.value : key);
        const node = this.resolve((value ?? key) as Node);
        return { name, node, isBare: value === null };
      });
    }
    this.refuse(startOf(node), { field, value: showValue(this.value(node)), rule: `expected ${rule}` });
    return [];
  }

  private resolve(node: Node): Node {
    return isAlias(node) && this.document !== undefined ? (node.resolve(this.document) ?? node) : node;
  }

  // Plain data of a node; undefined, and a refusal, for a bomb of aliases (the yaml package counts them).
  private value(node: Node): Record<string, unknown> | string | null | undefined {
    try {
      return this.document === undefined ? null : node.toJS(this.document, { maxAliasCount: 100 });
    } catch (error) {
      this.refuse(startOf(node), {
        field: 'value',
        value: 'is not plain data',
        rule: `expected less: ${(error as Error).message}`,
      });
      return undefined;
    }
  }

  // Where a field of a record stands; the record itself where it is missing or was merged in.
  private fieldStart(node: Node, field: string): number {
    const name = field.split('.')[0] ?? field;
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
    return startOf(pair?.key ?? node);
  }

  private lineOf(offset: number): number {
    return Math.max(1, this.lines.linePos(offset).line);
  }

  private refuse(offset: number, broken: Broken): void {
    this.refusals.push(refusalAt({ where: `line ${this.lineOf(offset)} of ${this.path}`, ignored: 'file' }, broken));
  }
}

/** The first token below `root` that is nested deeper than FILE_DEPTH_MAX. Without recursion: that is what it is about. */
function findTooDeep(root: CST.Token): CST.Token | undefined {
  const todo: [CST.Token, number][] = [[root, 0]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [token, depth] = next;
    if (depth > FILE_DEPTH_MAX) return token;
    const items = 'items' in token ? token.items : [];
    const children = items.flatMap(({ key, value }) => [key, value]);
    if ('value' in token) children.push(token.value);
    for (const child of children) if (child) todo.push([child, depth + 1]);
  }
  return undefined;
}

function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function syntaxBroken(error: { code: string; message: string }): Broken {
  const rule = `expected YAML or JSON: ${error.message.split('\n')[0]?.slice(0, 120)}`;
  return { field: 'text', value: `is not valid (${error.code})`, rule };
}

// `- tcp/192.0.2.80:80` is a VIP with nothing more to say, as `tcp/192.0.2.80:80:` is in a mapping.
function shortVip(body: unknown): unknown {
  return typeof body === 'string' ? { vip: body } : (body ?? {});
}

// `encap: ipip` is short for `{ type: ipip }`, `slowStart: 60` for `{ seconds: 60 }`, `routeBy: quic` for `[quic]`.
function expandShort(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { value: body };
  const fields = body as Record<string, unknown>;
  const { encap, slowStart, routeBy } = fields;
  return {
    ...fields,
    ...(typeof encap === 'string' && { encap: { type: encap } }),
    ...(typeof slowStart === 'number' && { slowStart: { seconds: slowStart } }),
    ...(typeof routeBy === 'string' && { routeBy: [routeBy] }),
  };
}
