import { Properties } from 'properties-file/parser';
import { assert } from '../base/assert.ts';

/** A key and the value that it is to have: plain words, which need no escapes. */
export interface PropertyChange {
  readonly name: string;
  readonly text: string;
}

export interface EditedProperties {
  readonly text: string;
  /** Lines that went (`-`) and came (`+`), with their numbers before and after. Empty: nothing had to change. */
  readonly diff: readonly string[];
}

/**
 * Sets keys in the text of a properties file that can be read. Everything else stays as it is, to the byte: comments, order,
 * unknown keys, ends of lines. Of a key that is there twice the last one is changed, as it is the one that counts; a new
 * key goes to the end.
 */
export function editProperties(text: string, changes: readonly PropertyChange[]): EditedProperties {
  let edited = text;
  const diff: string[] = [];
  for (const change of changes) {
    assert(/^[\w.,:-]+$/.test(change.text), 'a value of plain words');
    edited = setProperty(edited, change, diff);
  }
  return { text: edited, diff };
}

function setProperty(text: string, { name, text: value }: PropertyChange, diff: string[]): string {
  const node = new Properties(text).getPropertyNodes(name).at(-1);
  const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/);
  if (node === undefined) {
    const end = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
    const line = `${name}=${value}`;
    const isOpen = text !== '' && !/[\r\n]$/.test(text);
    const count = lines.filter((one) => one !== '').length;
    diff.push(`+${count + 1}: ${line}`);
    return `${text}${isOpen ? end : ''}${line}${end}`;
  }
  if (node.value === value) return text;
  const { startingLineNumber: first, endingLineNumber: last } = node;
  const went = lines.slice(first - 1, last);
  const separator = `${node.separatorLeading}${node.separatorChar ?? (node.separatorLeading === '' ? '=' : '')}`;
  const came = `${node.leadingWhitespace}${node.escapedKey}${separator}${node.separatorTrailing}${value}`;
  went.forEach((line, index) => diff.push(`-${first + index}: ${line.replace(/[\r\n]+$/, '')}`));
  diff.push(`+${first}: ${came}`);
  const end = /[\r\n]*$/.exec(went.at(-1) ?? '')?.[0] ?? '';
  return [...lines.slice(0, first - 1), `${came}${end}`, ...lines.slice(last)].join('');
}
