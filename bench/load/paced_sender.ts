/**
 * The sending thread of a paced lane: one connection, one frame, sent again and again when it is due. It owns its thread,
 * so that it may sleep in it, and writes to the socket directly, so that nothing stands between the time and the frame.
 */
import { readSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

export interface PacedSetup {
  readonly host: string;
  readonly port: number;
  readonly frame: Uint8Array;
  /** Where in an answer the error code stands. */
  readonly errorAt: number;
}

/** Times in milliseconds of the clock of `process.hrtime`. */
export interface PacedOrder {
  readonly firstMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

export interface PacedReport {
  readonly failure: string | null;
}

/** A sleep ends up to so much late; the rest is spent looking at the clock. */
const SLEEP_SLACK_MS = 0.08;
/** Answers are read now and then, so that they do not fill the socket. */
const ANSWERS_EVERY = 64;

const setup = workerData as PacedSetup;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const answers = Buffer.alloc(64 * 1024);
let answersFilled = 0;

const socket = connect({ host: setup.host, port: setup.port, noDelay: true });
socket.pause();
socket.once('connect', () => {
  const descriptor = (socket as unknown as { _handle: { fd: number } })._handle.fd;
  parentPort!.on('message', (order: PacedOrder) => report(() => send(descriptor, order)));
  parentPort!.postMessage({ failure: null } satisfies PacedReport);
});

function report(work: () => void): void {
  let failure: string | null = null;
  try {
    work();
  } catch (error) {
    failure = (error as Error).message;
  }
  parentPort!.postMessage({ failure } satisfies PacedReport);
}

function send(descriptor: number, order: PacedOrder): void {
  for (let index = 0; index < order.count; index++) {
    sleepUntil(order.firstMs + index * order.intervalMs);
    write(descriptor);
    if (index % ANSWERS_EVERY === ANSWERS_EVERY - 1) readAnswers(descriptor);
  }
}

function sleepUntil(dueMs: number): void {
  const leftMs = dueMs - nowMs() - SLEEP_SLACK_MS;
  if (leftMs > 0) Atomics.wait(sleeper, 0, 0, leftMs);
  while (nowMs() < dueMs);
}

function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The descriptor does not block: a full socket is tried again, and the time until then counts as the broker's. */
function write(descriptor: number): void {
  for (let written = 0; written < setup.frame.length;) {
    try {
      written += writeSync(descriptor, setup.frame, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      readAnswers(descriptor);
      Atomics.wait(sleeper, 0, 0, 0.1);
    }
  }
}

function readAnswers(descriptor: number): void {
  try {
    answersFilled += readSync(descriptor, answers, answersFilled, answers.length - answersFilled, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
    throw error;
  }
  let at = 0;
  while (answersFilled - at >= 4 && answersFilled - at >= 4 + answers.readInt32BE(at)) {
    const code = answers.readInt16BE(at + setup.errorAt);
    if (code !== 0) throw new Error(`Produce was answered with error ${code}`);
    at += 4 + answers.readInt32BE(at);
  }
  answers.copyWithin(0, at, answersFilled);
  answersFilled -= at;
}
