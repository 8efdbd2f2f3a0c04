/**
 * A lane is one connection with a fixed number of requests in flight: whatever was answered in one read is sent again
 * in one write. Correlation ids are slot numbers, and answers must come in the order of the requests.
 */
import { Connection, type AnswerSink } from './connection.ts';
import type { LogLinearHistogram } from '../measure/histogram.ts';

/** What the lanes of one run share. Times are those of `performance.now()`. */
export class Run {
  readonly untilMs: number;
  readonly latencyUs: LogLinearHistogram;
  requests = 0;
  payloadBytes = 0;
  #lanes: number;
  readonly #finished: (error: Error | null) => void;
  #over = false;

  constructor(lanes: number, untilMs: number, latencyUs: LogLinearHistogram, finished: (error: Error | null) => void) {
    this.#lanes = lanes;
    this.untilMs = untilMs;
    this.latencyUs = latencyUs;
    this.#finished = finished;
  }

  /** One lane has nothing in flight and sends no more. */
  laneDone(): void {
    if (--this.#lanes === 0) this.#end(null);
  }

  fail(error: Error): void {
    this.#end(error);
  }

  #end(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#finished(error);
  }
}

/** What a lane sends, and how it looks at the answers. */
export interface Traffic {
  /** Bytes of an answer's front that `check` looks at. */
  readonly frontBytes: number;
  /** Sends the requests of `count` slots from `slot` on; they do not wrap. */
  send(connection: Connection, slot: number, count: number): void;
  /** Looks at the answer to a slot's request and returns how many bytes of records it moved. Throws when refused. */
  check(bytes: Buffer, at: number, slot: number): number;
}

export interface Lane {
  /** Sends until `untilMs` of the run or until `quota` requests are sent, whichever comes first. */
  begin(run: Run, quota: number): void;
  close(): void;
}

export class PipelinedLane implements Lane, AnswerSink {
  readonly #inFlight: number;
  readonly #traffic: Traffic;
  readonly #sentMs: Float64Array;
  #connection!: Connection;
  #run: Run | null = null;
  /** Requests since the connection was made; slots go on in turn from one run to the next. */
  #sent = 0;
  #answered = 0;
  /** Of the run: where `#sent` stood at its beginning, and where it is to end. */
  #from = 0;
  #quota = 0;
  #payloadBytes = 0;
  #nowMs = -1;

  private constructor(inFlight: number, traffic: Traffic) {
    this.#inFlight = inFlight;
    this.#traffic = traffic;
    this.#sentMs = new Float64Array(inFlight);
  }

  static async open(host: string, port: number, inFlight: number, traffic: Traffic): Promise<PipelinedLane> {
    const lane = new PipelinedLane(inFlight, traffic);
    lane.#connection = await Connection.open(host, port, traffic.frontBytes, lane);
    return lane;
  }

  begin(run: Run, quota: number): void {
    this.#run = run;
    this.#from = this.#sent;
    this.#quota = this.#sent + quota;
    this.#payloadBytes = 0;
    this.turn();
  }

  close(): void {
    this.#run = null;
    this.#connection.close();
  }

  answered(bytes: Buffer, at: number): void {
    const run = this.#run;
    if (run === null) return;
    const slot = this.#answered % this.#inFlight;
    try {
      if (this.#answered >= this.#sent) throw new Error('an answer came that nobody asked for');
      const correlation = bytes.readInt32BE(at + 4);
      if (correlation !== slot) throw new Error(`the answer has correlation id ${correlation}, not ${slot}`);
      this.#payloadBytes += this.#traffic.check(bytes, at, slot);
    } catch (error) {
      this.#run = null;
      return run.fail(error as Error);
    }
    this.#answered++;
    if (this.#nowMs < 0) this.#nowMs = performance.now();
    run.latencyUs.record((this.#nowMs - this.#sentMs[slot]!) * 1000);
  }

  turn(): void {
    const run = this.#run;
    if (run === null) return;
    const nowMs = this.#nowMs < 0 ? performance.now() : this.#nowMs;
    this.#nowMs = -1;
    if (nowMs >= run.untilMs) this.#quota = this.#sent;
    let count = Math.min(this.#inFlight - (this.#sent - this.#answered), this.#quota - this.#sent);
    while (count > 0) {
      const slot = this.#sent % this.#inFlight;
      const together = Math.min(count, this.#inFlight - slot);
      this.#sentMs.fill(nowMs, slot, slot + together);
      this.#sent += together;
      count -= together;
      this.#traffic.send(this.#connection, slot, together);
    }
    if (this.#answered < this.#sent || this.#sent < this.#quota) return;
    this.#run = null;
    run.requests += this.#answered - this.#from;
    run.payloadBytes += this.#payloadBytes;
    run.laneDone();
  }

  closed(error: Error | null): void {
    this.#run?.fail(error ?? new Error('the broker closed the connection'));
  }
}
