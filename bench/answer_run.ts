/** The correlation id of an answer, with its size before it. */
export const CORRELATION_AT = 4;
/** Answers that one view can cover. */
const ANSWERS_TOGETHER_MIN = 512;

/** Answers with ids 0 to `inFlight` − 1, again and again, so that a run of them is one view. */
export class AnswerRun {
  readonly #bytes: Buffer;
  readonly #length: number;
  readonly #inFlight: number;

  constructor(answer: Buffer, inFlight: number) {
    this.#length = answer.length;
    this.#inFlight = inFlight;
    const count = inFlight + Math.max(inFlight, ANSWERS_TOGETHER_MIN);
    this.#bytes = Buffer.concat(Array.from({ length: count }, () => answer));
    for (let index = 0; index < count; index++) {
      this.#bytes.writeInt32BE(index % inFlight, index * this.#length + CORRELATION_AT);
    }
  }

  view(first: number, count: number): Buffer {
    const at = (first % this.#inFlight) * this.#length;
    return this.#bytes.subarray(at, at + count * this.#length);
  }
}
