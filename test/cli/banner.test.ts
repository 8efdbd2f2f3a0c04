import { deepEqual, match } from 'node:assert/strict';
import { test } from 'node:test';
import { bannerLines, durabilityPromise } from '../../src/cli/banner.ts';
import { resolveNode } from '../config/sources.ts';

const facts = { version: '1.2.3', clusterId: 'abc', isNewCluster: false, ports: [19_092], startMs: 41.7 };

test('says where it listens, where the data lies, what is promised, and how to stop it', () => {
  deepEqual(bannerLines(resolveNode('listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs=/a,/b'), facts), [
    'Millrace 1.2.3, node 1 of cluster abc, started in 42 ms',
    '  listening on 127.0.0.1:19092 (PLAINTEXT)',
    '  data in /a, /b',
    '  1 shard, up to 512 MiB for requests',
    '  acknowledged = in the page cache of this machine: survives the end of the process, not a loss of power',
    '  Ctrl-C (or SIGTERM) stops it, a second one at once',
    '  try: kafka-console-producer.sh --bootstrap-server 127.0.0.1:19092 --topic hello',
    '       kafka-console-consumer.sh --bootstrap-server 127.0.0.1:19092 --topic hello --from-beginning',
  ]);
});

test('says that a cluster was begun', () => {
  const [first] = bannerLines(resolveNode(''), { ...facts, isNewCluster: true });
  match(first!, /^Millrace 1\.2\.3, node 1 of the new cluster abc, started/);
});

test('says what clients are told, and who can reach it', () => {
  const node = resolveNode(
    'listeners=PLAINTEXT://[::]:1\nadvertised.listeners=PLAINTEXT://b.example:2\nmillrace.shards=1',
  );
  const text = bannerLines(node, { ...facts, ports: [1] }).join('\n');
  match(text, /listening on \[::\]:1 \(PLAINTEXT, clients are told b\.example:2\)/);
  match(text, /1 shard, up to 512 MiB/);
  match(text, /open to everybody/);
  match(text, /--bootstrap-server localhost:1 /);
});

test('the promise follows the policy', () => {
  match(durabilityPromise('acknowledged', 5), /^on disk/);
  match(durabilityPromise('interval', 5), /within 5 ms/);
});
