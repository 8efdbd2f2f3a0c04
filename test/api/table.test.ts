import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ApiHandlers } from '../../src/api/handlers.ts';
import { apiTable } from '../../src/api/table.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';

const folder = new URL('../../src/api/', import.meta.url);

test('what the table lists has a handler, and versions that the protocol has', () => {
  const handlers = new ApiHandlers();
  for (const { key, name, minVersion, maxVersion } of apiTable.values()) {
    assert.ok(handlers.of(key));
    assert.equal(ApiKey[name], key);
    const [request, response] = ['Request', 'Response'].map((kind) =>
      MESSAGES.find((message) => message.name === `${name}${kind}`),
    );
    for (const message of [request, response]) {
      assert.equal(message?.apiKey, key, name);
      assert.ok(minVersion <= maxVersion && minVersion >= message.minVersion && maxVersion <= message.maxVersion, name);
    }
  }
});

test('listeners of controllers serve only what the protocol has for controllers', () => {
  for (const { name, onControllers } of apiTable.values()) {
    const { listeners } = MESSAGES.find((message) => message.name === `${name}Request`)!;
    if (onControllers) assert.ok(listeners!.includes('controller'), name);
    else if (name !== 'Fetch') assert.ok(!listeners!.includes('controller'), name);
  }
});

test('a key that the table does not list has no handler', () => {
  const handlers = new ApiHandlers();
  for (const key of Object.values(ApiKey)) {
    if (!apiTable.has(key)) assert.throws(() => handlers.of(key), /only what the table lists/);
  }
});

test('the folder lists what is served: one file for each key, whose datasheet has its versions', () => {
  const files = readdirSync(folder).filter((name) => /^\d\d_/.test(name));
  assert.deepEqual(
    files.map((name) => Number(name.slice(0, 2))).toSorted(byNumber),
    [...apiTable.keys()].toSorted(byNumber),
  );
  for (const file of files) {
    const { name, key, minVersion, maxVersion } = apiTable.get(Number(file.slice(0, 2)))!;
    const text = readFileSync(new URL(file, folder), 'utf8');
    assert.ok(text.includes(` * ${name} (${key}), versions ${minVersion} to ${maxVersion}`), `${file}: ${name}`);
  }
});

test('only requests that touch records in one place may overlap', () => {
  const overlapping = [...apiTable.values()].filter(({ order }) => order === 'overlaps its kind');
  assert.deepEqual(
    overlapping.map(({ name }) => name),
    ['Produce'],
  );
});

const byNumber = (one: number, other: number): number => one - other;
