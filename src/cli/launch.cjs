#!/usr/bin/env node
'use strict';
// What must happen before the first module is loaded, in the source tree and in the built package alike.
require('./need_node.cjs');
var existsSync = require('fs').existsSync;
var join = require('path').join;
var pathToFileURL = require('url').pathToFileURL;

// Every thread loads the same code again: from the second start on it need not be compiled. Threads read the variable.
var cache = process.env.NODE_COMPILE_CACHE || join(require('os').tmpdir(), 'node-compile-cache');
process.env.NODE_COMPILE_CACHE = cache;
require('module').enableCompileCache(cache);

var built = join(__dirname, 'main.js');
void import(pathToFileURL(existsSync(built) ? built : join(__dirname, '..', 'main.ts')).href);
