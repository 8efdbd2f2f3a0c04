'use strict';
// Plain old JavaScript, so that a Node of any age can read it and say what is wrong.
var needed = 24;
var major = parseInt(process.versions.node, 10);
if (major < needed) {
  var inSourceTree = require('fs').existsSync(require('path').join(__dirname, '..', '..', 'package-lock.json'));
  process.stderr.write(
    'Millrace needs Node ' +
      needed +
      ' or later; this is Node ' +
      process.versions.node +
      '.\n' +
      (inSourceTree
        ? 'The project brings its own Node 26 through the package "node", whose install script fetches it from the npm\n' +
          'registry. That script has not run (was it "npm ci --ignore-scripts"?). Run: npm rebuild node\n'
        : 'Install a newer one: https://nodejs.org/en/download\n'),
  );
  process.exit(1);
}
