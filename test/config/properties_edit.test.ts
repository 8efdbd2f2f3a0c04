import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editProperties } from '../../src/config/properties_edit.ts';
import { BrokenProperties, readProperties } from '../../src/config/properties.ts';

test('a line is changed in its place, and nothing else', () => {
  const text = '# mine\n\nmillrace.shards = 8\nunknown.key: x\\\n  y\n! end';
  const { text: edited, diff } = editProperties(text, [{ name: 'millrace.shards', text: '2' }]);
  equal(edited, '# mine\n\nmillrace.shards = 2\nunknown.key: x\\\n  y\n! end');
  deepEqual(diff, ['-3: millrace.shards = 8', '+3: millrace.shards = 2']);
});

test('a new key goes to the end, with the ends of lines of the file', () => {
  deepEqual(editProperties('a=1\r\nb=2', [{ name: 'c', text: '3' }]), {
    text: 'a=1\r\nb=2\r\nc=3\r\n',
    diff: ['+3: c=3'],
  });
  deepEqual(editProperties('', [{ name: 'c', text: '3' }]), { text: 'c=3\n', diff: ['+1: c=3'] });
});

test('the last of several counts, and a value over several lines becomes one', () => {
  equal(editProperties('a=1\na=2\n', [{ name: 'a', text: '3' }]).text, 'a=1\na=3\n');
  const { text, diff } = editProperties('a=1,\\\n  2\nb=1\n', [{ name: 'a', text: '3' }]);
  equal(text, 'a=3\nb=1\n');
  deepEqual(diff, ['-1: a=1,\\', '-2:   2', '+1: a=3']);
});

test('a value that is there already changes nothing', () => {
  deepEqual(editProperties(' a : 3\n', [{ name: 'a', text: '3' }]), { text: ' a : 3\n', diff: [] });
});

test('property: what is read afterwards is what was there, and the change', () => {
  const line = fc.constantFrom(
    '# note',
    '',
    'a=1',
    ' b : x\\\n   y',
    'c 7',
    'a = 9',
    'd',
    '! no\\',
    '#a=5',
    'e=\\u0041',
  );
  const file = fc.tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean());
  const change = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'z'), text: fc.constantFrom('0', 'never') });
  fc.assert(
    fc.property(file, fc.array(change, { maxLength: 3 }), ([lines, end, isEnded], changes) => {
      const text = lines.join('\n').replaceAll('\n', end) + (isEnded ? end : '');
      const expected = new Map(valuesOf(text));
      for (const { name, text: value } of changes) expected.set(name, value);
      const edited = editProperties(text, changes).text;
      deepEqual(valuesOf(edited), expected);
      const comments = (of: string) => of.split(/\r?\n/).filter((one) => /^[#!]/.test(one));
      deepEqual(comments(edited), comments(text));
    }),
  );
});

function valuesOf(text: string): Map<string, string> {
  const read = readProperties(text, 'f');
  if (read instanceof BrokenProperties) throw new Error(read.message);
  return new Map(read.entries.map((entry) => [entry.name, entry.text]));
}
