'use strict';
// What must happen before the first module is loaded, in the source tree and in the built package alike.
require('./need_node.cjs');
var existsSync = require('fs').existsSync;
var join = require('path').join;
var pathToFileURL = require('url').pathToFileURL;

// libuv's pool is one for the whole process, and 4 threads would let one slow data directory delay the metadata log.
if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = '16';
// Every thread loads the same code again: from the second start on it need not be compiled.
require('module').enableCompileCache();

var built = join(__dirname, 'main.js');
import(pathToFileURL(existsSync(built) ? built : join(__dirname, '..', 'main.ts')).href);
