import { equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readText, root } from '../project/source_files.ts';

function millrace(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, [join(root, 'src/cli/launch.cjs'), ...args], { encoding: 'utf8' });
}

test('the program as it is started says its version', () => {
  const { version } = JSON.parse(readText('package.json')) as { readonly version: string };
  const { status, stdout, stderr } = millrace('--version');
  equal(stderr, '');
  equal(stdout, `${version}\n`);
  equal(status, 0);
});

test('a configuration that is wrong ends it with 1 before anything is touched', () => {
  const { status, stdout, stderr } = millrace(
    '--override',
    'num.partitions=none',
    '--data-dir',
    '/nonexistent/millrace',
  );
  match(stderr, /^error: num\.partitions = none \(--override\) must be a whole number, at least 1\n$/m);
  equal(stdout, '');
  equal(status, 1);
});
