// host/cli/yamlFile.ts: a YAML file against a schema; what is wrong is named with its line, field, value and rule.
import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, LineCounter, type Node, parseDocument } from 'yaml';
import type * as z from 'zod';
import { MaglevError, show } from '../errors.js';

/** Reads and checks a file. Throws ERR_OPTION naming file, line, field, value and rule. `option`: who named the file. */
export function readYaml<T>(path: string, option: string, schemaFor: (content: unknown) => z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(readText(path, option), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0]);
    throw fileError(path, line, '', '', broken.message.split('\n')[0] ?? 'expected YAML');
  }
  const content: unknown = document.toJS();
  const parsed = schemaFor(content).safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] as string] : issue.path;
  const value = document.getIn(keys as (string | number)[]);
  const line = lineOf(document, keys as (string | number)[], lines);
  const rule = issue.code === 'unrecognized_keys' ? 'is not a field of this file' : issue.message;
  throw fileError(path, line, keys.join('.'), value === undefined ? '' : show(value), rule);
}

/** Line of a field; of what should hold it where it is not there. */
function lineOf(document: Document.Parsed, keys: (string | number)[], lines: LineCounter): number {
  for (let depth = keys.length; depth > 0 && isMap(document.contents); depth--) {
    const node = document.getIn(keys.slice(0, depth), true) as Node | undefined;
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function fileError(path: string, line: number, field: string, value: string, rule: string): MaglevError {
  const what = [field, value].filter((part) => part !== '').join(' ');
  const message = `${path} line ${line}: ${what}${what === '' ? '' : ': '}${rule}`;
  return new MaglevError('ERR_OPTION', message, { option: field, rule });
}

/** A file's text. Throws ERR_OPTION naming the option and the file. */
export function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new MaglevError('ERR_OPTION', `${option} ${path}: ${code}`, { option, cause });
  }
}
