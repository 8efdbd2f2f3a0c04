import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UUID_BYTES, writeUuid } from '../../src/base/uuid.ts';
import { readWholeFile } from '../../src/log/atomic_file.ts';
import { DiskError, type Disk } from '../../src/port/disk.ts';
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  CONTROL_BIT,
  CRC_AT,
  RECORDS_AT,
  sizeOf,
} from '../../src/protocol/record_batch.ts';
import { openDataDirectories } from '../../src/storage/data_directories.ts';
import { formatNode, type FormatOutcome, type FormatRequest } from '../../src/storage/format_node.ts';
import { utcDate } from '../../src/storage/utc_date.ts';
import { nodeWith, storageMachine, type StorageMachine } from './machine.ts';

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg';
const plain: FormatRequest = {
  clusterId: CLUSTER,
  ignoreFormatted: false,
  releaseVersion: null,
  features: [],
  addScram: [],
  standalone: true,
  noInitialControllers: false,
  initialControllers: null,
};

function format(
  machine: StorageMachine,
  request: Partial<FormatRequest> = {},
  directories = '/a',
  more = '',
): FormatOutcome {
  const outcome = formatNode(machine.ports, nodeWith(directories, more), { ...plain, ...request });
  if (typeof outcome === 'string') throw new Error(outcome);
  return outcome;
}

function refusal(request: Partial<FormatRequest>, more = ''): string {
  const machine = storageMachine();
  const outcome = formatNode(machine.ports, nodeWith('/a', more), { ...plain, ...request });
  ok(typeof outcome === 'string', 'it was to be refused');
  ok(!machine.disk.exists('/a'), 'nothing was touched');
  return outcome;
}

function bytesAt(disk: Disk, path: string): Uint8Array<ArrayBuffer> {
  const bytes = readWholeFile(disk, path);
  ok(!(bytes instanceof DiskError), path);
  return bytes;
}

/** Takes out of a snapshot what differs from one format to the next: times, checksums, the id of the directory. */
function withoutTimes(bytes: Uint8Array<ArrayBuffer>, directoryId: string): Uint8Array {
  const view = new DataView(bytes.buffer);
  for (let batch = 0; batch < bytes.length; batch += sizeOf(view, batch)) {
    bytes.fill(0, batch + CRC_AT, batch + ATTRIBUTES_AT);
    bytes.fill(0, batch + BASE_TIMESTAMP_AT, batch + BASE_TIMESTAMP_AT + 16);
    const isHeader = batch === 0 && (view.getInt16(ATTRIBUTES_AT) & CONTROL_BIT) !== 0;
    // The record's own head is 10 bytes, then version 0 and the time of the last batch in the snapshot.
    if (isHeader) bytes.fill(0, RECORDS_AT + 12, RECORDS_AT + 20);
  }
  const id = new Uint8Array(UUID_BYTES);
  writeUuid(new DataView(id.buffer), 0, directoryId);
  const at = bytes.findIndex((_, start) => id.every((byte, offset) => bytes[start + offset] === byte));
  if (at >= 0) bytes.fill(0, at, at + UUID_BYTES);
  return bytes;
}

test('the same files, byte for byte, that kafka-storage format --standalone writes', () => {
  const fixture = new URL('../fixtures/storage/kafka-4.3.1-format.json', import.meta.url);
  const files = JSON.parse(readFileSync(fixture, 'utf8')) as Readonly<Record<string, string>>;
  const machine = storageMachine();
  format(machine, { addScram: ['SCRAM-SHA-256=[name=alice,password=alice-secret,salt="N3E=",iterations=8192]'] });
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const meta = (text: string): string => text.replace(/^#\w.*$/m, '#date').replace(/^(directory\.id=).*$/m, '$1id');
  const directoryId = (text: string): string => /^directory\.id=(.*)$/m.exec(text)?.[1] ?? '';
  const ours = decode(bytesAt(machine.disk, '/a/meta.properties'));
  const theirs = Buffer.from(files['meta.properties']!, 'base64').toString();
  equal(meta(ours), meta(theirs));
  for (const name of ['bootstrap.checkpoint', '__cluster_metadata-0/00000000000000000000-0000000000.checkpoint']) {
    const expected = new Uint8Array(Buffer.from(files[name]!, 'base64'));
    deepEqual(
      withoutTimes(bytesAt(machine.disk, `/a/${name}`), directoryId(ours)),
      withoutTimes(expected, directoryId(theirs)),
      name,
    );
  }
});

test('a start finds what was formatted', () => {
  const machine = storageMachine();
  const outcome = format(machine, { releaseVersion: '3.9', addScram: ['SCRAM-SHA-512=[name=a,password=b]'] }, '/a,/b');
  deepEqual(outcome, { clusterId: CLUSTER, metadataVersion: '3.9-IV0', formatted: ['/a', '/b'], passedBy: [] });
  const opened = openDataDirectories(machine.ports, nodeWith('/a,/b'));
  ok(typeof opened !== 'string');
  deepEqual([opened.clusterId, opened.isNew], [CLUSTER, false]);
  deepEqual(
    opened.bootstrap.map(({ type }) => type),
    [12, 11],
  );
});

test('formatted directories are passed by only when that was asked for', () => {
  const machine = storageMachine();
  format(machine);
  const again = (request: Partial<FormatRequest>, directories: string): FormatOutcome | string =>
    formatNode(machine.ports, nodeWith(directories), { ...plain, ...request });
  match(again({}, '/a,/b') as string, /\/a is formatted already; with --ignore-formatted/);
  ok(!machine.disk.exists('/b/meta.properties'));
  deepEqual(again({ ignoreFormatted: true, clusterId: null }, '/a,/b'), {
    clusterId: CLUSTER,
    metadataVersion: '4.3-IV0',
    formatted: ['/b'],
    passedBy: ['/a'],
  });
  deepEqual((again({ ignoreFormatted: true }, '/a,/b') as FormatOutcome).formatted, []);
  match(
    again({ ignoreFormatted: true, clusterId: 'other' }, '/a,/b') as string,
    /\/a is formatted for cluster Mk.*, not for other/,
  );
});

test('row 83: what cannot be is refused before anything is touched', () => {
  for (const [request, told] of [
    [{ clusterId: 'two words' }, /--cluster-id/],
    [{ noInitialControllers: true }, /--no-initial-controllers .* clusters of one node: use --standalone/],
    [{ initialControllers: '1@h:1:x' }, /--initial-controllers .* use --standalone/],
    [{ releaseVersion: '9.9' }, /--release-version 9\.9 is no metadata\.version; there are 3\.3-IV3, /],
    [{ releaseVersion: '3.8', features: ['metadata.version=20'] }, /say the same thing/],
    [{ features: ['group.version'] }, /is not feature=level/],
    [{ features: ['group.version=1', 'group.version=0'] }, /given more than once/],
    [{ features: ['group.version=5'] }, /group\.version cannot be 5: this build knows 0 to 1/],
    [{ features: ['metadata.version=31'] }, /metadata\.version cannot be 31/],
    [{ features: ['other.version=1'] }, /other\.version is no feature/],
    [{ features: ['kraft.version=0'] }, /kraft\.version must be 1/],
    [{ releaseVersion: '3.8', features: ['eligible.leader.replicas.version=1'] }, /it needs 23 \(4\.0-IV1\)/],
    [{ releaseVersion: '3.4', addScram: ['SCRAM-SHA-256=[name=a,password=b]'] }, /needs metadata\.version 3\.5-IV2/],
  ] as const) {
    match(refusal(request), told);
  }
  const voters = 'controller.quorum.voters=1@localhost:29393';
  match(refusal({}, voters), /--standalone does not go with controller\.quorum\.voters/);
  match(refusal({ standalone: false, features: ['kraft.version=1'] }, voters), /kraft\.version must be 0/);
  const servers = 'controller.quorum.bootstrap.servers=localhost:29393';
  match(refusal({ standalone: false }, servers), /say with --standalone/);
});

test('features that were asked for, and those that follow', () => {
  const machine = storageMachine();
  format(machine, { features: ['share.version=0', 'transaction.version=1'] });
  const opened = openDataDirectories(machine.ports, nodeWith('/a'));
  ok(typeof opened !== 'string');
  equal(opened.bootstrap.length, 5, 'metadata.version and four that are not off');
  const older = storageMachine();
  equal(format(older, { features: ['metadata.version=20'] }).metadataVersion, '3.8-IV0');
});

test('credentials that were not well written are refused, and no password is repeated', () => {
  for (const [option, told] of [
    ['SCRAM-SHA-1=[name=a,password=s3cret]', /must begin with SCRAM-SHA-256 or SCRAM-SHA-512/],
    ['SCRAM-SHA-256', /must begin with/],
    ['SCRAM-SHA-256=name=a,password=s3cret', /must stand in brackets/],
    ['SCRAM-SHA-256=[name=a,pass=s3cret]', /in the brackets stand name, password/],
    ['SCRAM-SHA-256=[password=s3cret]', /name is missing/],
    ['SCRAM-SHA-256=[name=a]', /give one of password and saltedpassword/],
    ['SCRAM-SHA-256=[name=a,password=s3cret,saltedpassword=YWJj,salt=YWJj]', /give one of/],
    ['SCRAM-SHA-256=[name=a,saltedpassword=YWJj]', /needs the salt/],
    ['SCRAM-SHA-256=[name=a,password=s3cret,iterations=4095]', /from 4096 to 16384/],
    ['SCRAM-SHA-512=[name=a,password=s3cret,iterations=16385]', /from 4096 to 16384/],
    ['SCRAM-SHA-256=[name=a,password=s3cret,salt=*]', /salt must be base64/],
    ['SCRAM-SHA-256=[name=a,name=b,password=s3cret]', /name is given more than once/],
  ] as const) {
    const sentence = refusal({ addScram: [option] });
    match(sentence, told);
    ok(!sentence.includes('s3cret'), sentence);
  }
  format(storageMachine(), { addScram: ['SCRAM-SHA-256=[name="a, b",password="x,=]y"]'] });
});

test('a date as Java writes it', () => {
  for (const wallMs of [0, 951_782_399_000, 951_782_400_000, 1_795_262_855_681, 4_107_542_400_000]) {
    const [weekday, day, month, year, time] = new Date(wallMs).toUTCString().replace(',', '').split(' ');
    equal(utcDate(wallMs), `${weekday} ${month} ${day} ${time} UTC ${year}`);
  }
});
