import net from 'node:net';

/** An IPv4 address as Node takes it; anything else goes the way that asks a resolver. */
const numericIpv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * Binds an IPv4 address at once. Null where that cannot be: an older Node, a name, IPv6; then `listen` itself must find
 * out what the host is, for which Node loads its resolver and compiles an expression for IPv6 addresses (6 to 10 ms in
 * each thread that listens). An error is the operating system's.
 */
export function bindAtOnce(host: string, port: number, reusePort: boolean): net.BoundSocket | Error | null {
  // Since Node 26.4; the types know no older one.
  const { BoundSocket } = net as { BoundSocket?: typeof net.BoundSocket };
  if (BoundSocket === undefined || !numericIpv4.test(host)) return null;
  try {
    return new BoundSocket({ host, port, reusePort });
  } catch (error) {
    return error as Error;
  }
}
