/** What kind of thing a host text is. Names are not looked up. */
export type HostKind = 'ipv4' | 'ipv6' | 'name' | 'any';

/** `host` without brackets; '' is every address. */
export function hostKind(host: string): HostKind {
  if (host === '') return 'any';
  if (host.includes(':')) return 'ipv6';
  return isIpv4(host) ? 'ipv4' : 'name';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIpv4(host) && host.startsWith('127.'));
}

/** Whether a syntactically valid literal or name: no spaces, no path, groups and octets in their ranges. */
export function isWellFormedHost(host: string): boolean {
  switch (hostKind(host)) {
    case 'any':
    case 'ipv4':
      return true;
    case 'ipv6':
      return isIpv6(host);
    case 'name':
      return (
        host.length <= 253 && /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host) && !/^[\d.]+$/.test(host)
      );
  }
}

function isIpv4(host: string): boolean {
  const octets = host.split('.');
  return octets.length === 4 && octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255);
}

function isIpv6(host: string): boolean {
  const withoutZone = host.replace(/%[A-Za-z0-9_.-]+$/, '');
  const halves = withoutZone.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    const last = parts.at(-1) ?? '';
    const endsInIpv4 = index === halves.length - 1 && isIpv4(last);
    if (endsInIpv4) parts.pop();
    if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return false;
    groups += parts.length + (endsInIpv4 ? 2 : 0);
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}
