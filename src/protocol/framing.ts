import type { ByteWriter } from '../base/bytes.ts';

/**
 * A frame is its length (int32, of what follows) and that many bytes: a request or a response, header first.
 */
export const FRAME_LENGTH_BYTES = 4;

/** API key, API version and correlation id: what every request begins with. */
export const REQUEST_BYTES_MIN = 8;

/** What `frameLength` says of a length that no frame may have: close the connection. */
export const FRAME_REFUSED = -1;

/**
 * The length of the frame whose four length bytes are at `at`, without these; FRAME_REFUSED if it is below the least
 * request or above `frameBytesMax`. Nothing may be reserved for the length that a peer declares, only for what came.
 */
export function frameLength(view: DataView, at: number, frameBytesMax: number): number {
  const length = view.getInt32(at);
  return length < REQUEST_BYTES_MIN || length > frameBytesMax ? FRAME_REFUSED : length;
}

/** Leaves room for a frame's length. Returns where it goes. */
export function beginFrame(writer: ByteWriter): number {
  const at = writer.position;
  writer.int32(0);
  return at;
}

/**
 * Fills in the length of the frame that began at `at` and ends where the writer is, `moreBytes` of other memory (the
 * records of a fetch) included.
 */
export function endFrame(writer: ByteWriter, at: number, moreBytes = 0): void {
  if (!writer.failed) writer.view.setInt32(at, writer.position - at - FRAME_LENGTH_BYTES + moreBytes);
}
