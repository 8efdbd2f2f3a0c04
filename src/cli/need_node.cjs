'use strict';
// Plain old JavaScript, so that a Node of any age can read it and say what is wrong.
var needed = 24;
var major = parseInt(process.versions.node, 10);
if (major < needed) {
  var root = require('path').join(__dirname, '..', '..');
  var inSourceTree = require('fs').existsSync(require('path').join(root, 'package-lock.json'));
  var hasOwn = require('fs').existsSync(require('path').join(root, 'node_modules', 'node', 'bin', 'node'));
  process.stderr.write(
    'Millrace needs Node ' +
      needed +
      ' or later; this is Node ' +
      process.versions.node +
      '.\n' +
      (inSourceTree && hasOwn
        ? 'The project has its own Node 26, which "npm start" and the other scripts of package.json use.\n'
        : inSourceTree
          ? 'The project brings its own Node 26 through the package "node", whose install script fetches it from the npm\n' +
            'registry. That script has not run (was it "npm ci --ignore-scripts"?). Run: npm rebuild node\n'
          : 'Install a newer one: https://nodejs.org/en/download\n'),
  );
  process.exit(1);
}
