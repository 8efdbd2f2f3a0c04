import { isIP } from 'node:net';

/** The addresses of a host: a literal is its own; a name that is unknown now has none. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const { lookup } = await import('node:dns/promises');
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
