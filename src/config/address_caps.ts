import { isWellFormedHost } from './address.ts';
import type { AddressCap } from './node_config.ts';
import { InvalidValue } from './value.ts';

/** `address:count` pairs, parted by commas. An IPv6 address has colons of its own, so the count follows the last one. */
export function parseAddressCaps(text: string): readonly AddressCap[] | InvalidValue {
  const caps: AddressCap[] = [];
  for (const pair of text.split(',')) {
    if (pair.trim() === '') continue;
    const match = /^\s*\[?([^[\]\s]+)\]?:(\d{1,10})\s*$/.exec(pair);
    const address = match?.[1] ?? '';
    const connectionsMax = Number(match?.[2] ?? -1);
    if (connectionsMax < 0 || connectionsMax > 2_147_483_647 || !isWellFormedHost(address)) {
      return new InvalidValue(`must be a list of address:count, which '${pair.trim()}' is not`);
    }
    caps.push({ address, connectionsMax });
  }
  return caps;
}
