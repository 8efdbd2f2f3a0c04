import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiHandlers } from '../../src/api/handlers.ts';
import { apiTable } from '../../src/api/table.ts';
import { ApiKey } from '../../src/protocol/api_keys.ts';
import type { ErrorName } from '../../src/protocol/errors.ts';
import { MESSAGES } from '../../src/protocol/schema/catalog.ts';
import { datasheets } from './datasheets.ts';

/** What datasheets say of who serves a request, and what that means. */
const SERVED_BY: Readonly<Record<string, object>> = {
  'this shard alone': { executes: 'receiver', isForwarded: false, asksOwners: false },
  'this shard, asking owners for epochs': { executes: 'receiver', isForwarded: false, asksOwners: true },
  'the owners of the partitions, gathered': {
    executes: 'owner of the partition',
    isForwarded: false,
    asksOwners: true,
  },
  'control, forwarded': { executes: 'control', isForwarded: true, asksOwners: false },
};

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

test('the folder lists what is served: one file for each key, whose datasheet says what the table says', () => {
  assert.deepEqual(
    [...datasheets.values()].map(({ name, key, minVersion, maxVersion }) => ({ name, key, minVersion, maxVersion })),
    [...apiTable.values()]
      .map(({ name, key, minVersion, maxVersion }) => ({ name, key, minVersion, maxVersion }))
      .toSorted((one, other) => one.key - other.key),
  );
  for (const { file, key } of datasheets.values()) assert.equal(Number(file.slice(0, 2)), key);
});

test('who serves a request is what its datasheet, the table and the handler say', () => {
  for (const { name, file, servedBy, source } of datasheets.values()) {
    const isForwarded = source.includes('forwardedHandler(');
    const asksOwners = /host\.(append|callPartition)\(/.test(source);
    const { executes } = apiTable.get(ApiKey[name])!;
    assert.deepEqual(SERVED_BY[servedBy], { executes, isForwarded, asksOwners }, file);
  }
});

test('a datasheet lists every error that its handler names, none twice, and no accident', () => {
  for (const { file, errors, source } of datasheets.values()) {
    assert.equal(new Set(errors).size, errors.length, file);
    assert.ok(!errors.includes('NONE') && !errors.includes('UNKNOWN_SERVER_ERROR'), file);
    for (const [, name] of source.matchAll(/ErrorCode\.([A-Z_]+)/g)) {
      assert.ok(name === 'NONE' || errors.includes(name as ErrorName), `${file}: ${name}`);
    }
  }
});

test('only requests that touch records in one place may overlap', () => {
  const overlapping = [...apiTable.values()].filter(({ order }) => order === 'overlaps its kind');
  assert.deepEqual(
    overlapping.map(({ name }) => name),
    ['Produce'],
  );
});
