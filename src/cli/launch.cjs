'use strict';
// What must happen before the first module is loaded, in the source tree and in the built package alike.
require('./need_node.cjs');
var existsSync = require('fs').existsSync;
var join = require('path').join;
var pathToFileURL = require('url').pathToFileURL;

// Every thread loads the same code again: from the second start on it need not be compiled.
require('module').enableCompileCache();

var built = join(__dirname, 'main.js');
void import(pathToFileURL(existsSync(built) ? built : join(__dirname, '..', 'main.ts')).href);
