// host/membership/jsonRecord.ts: the bytes of a Kafka value, to an object: bounded, UTF-8, JSON, no key given twice.
import { type Broken, showValue } from './refusal.js';

/** Largest value of an event, in bytes. A backend record is about 100. */
export const VALUE_BYTES_MAX = 65536;
/** Deepest nesting of a value: ours are nested twice, a newer publisher's fields may be more. */
const VALUE_DEPTH_MAX = 16;

const BRACE = 0x7b;
const BRACKET = 0x5b;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The object that `bytes` are the JSON of, or the rule they break. Never throws. */
export function parseJsonRecord(bytes: Uint8Array): { record: Record<string, unknown> } | Broken {
  if (bytes.length > VALUE_BYTES_MAX) {
    return { field: 'value', value: `of ${bytes.length} bytes`, rule: `expected at most ${VALUE_BYTES_MAX}` };
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { field: 'value', value: showValue(Buffer.from(bytes).toString('latin1')), rule: 'expected UTF-8' };
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    // What V8 says besides is another text in each version of Node.
    return { field: 'value', value: showValue(text), rule: 'expected JSON' };
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return { field: 'value', value: showValue(record), rule: 'expected a JSON object' };
  }
  const broken = isPlain(text, record) ? undefined : structureRule(text);
  return broken ?? { record: record as Record<string, unknown> };
}

// What JSON.stringify makes again has no key twice, as nearly all that producers write; and few brackets are not nested deeply.
function isPlain(text: string, record: object): boolean {
  let opened = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === BRACE || code === BRACKET) && ++opened > VALUE_DEPTH_MAX) return false;
  }
  return JSON.stringify(record) === text;
}

// JSON.parse takes the last of two equal keys and says nothing: another reader of the topic may take the first.
// `text` is known to be JSON, so that strings, braces and colons are all there is to tell apart.
function structureRule(text: string): Broken | undefined {
  const levels: (Set<string> | undefined)[] = []; // names of each open object; undefined for an open array
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found, colon] = match;
    if (found === '{' || found === '[') {
      levels.push(found === '{' ? new Set() : undefined);
      if (levels.length > VALUE_DEPTH_MAX) {
        return {
          field: 'value',
          value: showValue(text),
          rule: `expected at most ${VALUE_DEPTH_MAX} levels of nesting`,
        };
      }
    } else if (found === '}' || found === ']') levels.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(found.slice(0, -colon.length)) as string;
      const names = levels.at(-1);
      if (names?.has(name)) return { field: 'field', value: showValue(name), rule: 'expected once, is there twice' };
      names?.add(name);
    }
  }
  return undefined;
}
