import { equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readText, root } from '../project/source_files.ts';

function runAs(version: string): { readonly status: number | null; readonly stderr: string } {
  const path = JSON.stringify(join(root, 'src/cli/need_node.cjs'));
  const program = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } }); require(${path});`;
  return spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
}

test('an old Node is told what to do', () => {
  const { status, stderr } = runAs('14.21.3');
  equal(status, 1);
  match(stderr, /needs Node 24 or later; this is Node 14\.21\.3/);
  // Which of the two depends on whether the package that brings Node has been unpacked.
  match(stderr, /npm rebuild node|"npm start"/);
});

test('a Node that is new enough is not', () => {
  for (const version of ['24.0.0', '26.10.0', process.versions.node]) {
    const { status, stderr } = runAs(version);
    equal(status, 0);
    equal(stderr, '');
  }
});

test('what is asked for is what the package asks for', () => {
  const { engines } = JSON.parse(readText('package.json')) as { readonly engines: { readonly node: string } };
  equal(engines.node, '>=24');
});
