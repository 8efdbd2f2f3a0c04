import { hostKind, isLoopback, isWellFormedHost } from './address.ts';
import type { ListKey } from './keys.ts';
import type { AdvertisedAddress, ListenerConfig, NodeRole, SecurityProtocol } from './node_config.ts';
import type { Findings } from './problems.ts';
import type { ConfigValues } from './values.ts';

/** One element of `listeners` or `advertised.listeners`. */
export interface Endpoint {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface ListenerSet {
  readonly listeners: readonly ListenerConfig[];
  readonly interBrokerListener: string;
}

/** A count of connections without a bound. */
const UNBOUNDED = 2_147_483_647;

const securityProtocols: readonly SecurityProtocol[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'];

/**
 * What `listeners`, `advertised.listeners`, `listener.security.protocol.map`, `inter.broker.listener.name`,
 * `security.inter.broker.protocol` and `controller.listener.names` say together, with the cross checks of Apache
 * Kafka's `KafkaConfig` and `SocketServerConfigs` (KIP-103, KIP-291, KIP-631, KIP-797). Null: findings say why not.
 *
 * `hostName` is what a listener on every address advertises.
 */
export function resolveListeners(
  values: ConfigValues,
  roles: readonly NodeRole[],
  hostName: string,
  findings: Findings,
): ListenerSet | null {
  const errorsBefore = findings.errors.length;
  const bound = readEndpoints(values, 'listeners', findings);
  const advertised =
    values.listOrNull('advertised.listeners') === null ? null : readEndpoints(values, 'advertised.listeners', findings);
  const protocols = readProtocolMap(values, bound, findings);
  if (findings.errors.length > errorsBefore) return null;

  checkPorts(values, bound, findings);
  const controllers = checkControllerNames(values, bound, roles, findings);
  const listeners = bound.map((endpoint) => ({
    name: endpoint.name,
    securityProtocol: protocolOf(values, endpoint.name, protocols, findings),
    host: endpoint.host,
    port: endpoint.port,
    advertised: advertisedAddress(endpoint, advertised, controllers, hostName),
    isController: controllers.includes(endpoint.name),
    connectionsMax: values.listenerNumber(endpoint.name, 'max.connections') ?? UNBOUNDED,
    connectionCreationRateMax: values.listenerNumber(endpoint.name, 'max.connection.creation.rate') ?? UNBOUNDED,
  }));
  checkAdvertised(values, listeners, advertised, controllers, findings);
  const interBrokerListener = findInterBrokerListener(values, listeners, protocols, roles, findings);
  return findings.errors.length > errorsBefore ? null : { listeners, interBrokerListener };
}

/** `NAME://host:port`, `NAME://[ipv6]:port` or `NAME://:port`; null for anything else. */
export function parseEndpoint(text: string): Endpoint | null {
  const match = /^([^:/\s]+):\/\/(?:\[([^\]\s]*)\]|([^\s[\]/]*)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const host = match[2] ?? match[3] ?? '';
  const port = Number(match[4]);
  if (port > 65_535 || !isWellFormedHost(host)) return null;
  return { name: (match[1] ?? '').toUpperCase(), host, port };
}

function readEndpoints(values: ConfigValues, key: ListKey, findings: Findings): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  const texts = values.list(key);
  if (texts.length === 0) findings.error(values, key, 'must name at least one listener');
  for (const text of texts) {
    const endpoint = parseEndpoint(text);
    if (endpoint === null) {
      findings.error(values, key, `must be a list of NAME://host:port (IPv6 in brackets), which '${text}' is not`);
    } else if (endpoints.some((other) => other.name === endpoint.name)) {
      findings.error(values, key, `must not name the listener ${endpoint.name} twice`);
    } else {
      endpoints.push(endpoint);
    }
  }
  return endpoints;
}

function readProtocolMap(
  values: ConfigValues,
  bound: readonly Endpoint[],
  findings: Findings,
): ReadonlyMap<string, SecurityProtocol> {
  const key = 'listener.security.protocol.map';
  const protocols = new Map<string, SecurityProtocol>();
  for (const pair of values.text(key).split(',')) {
    const [name = '', protocolName = '', ...rest] = pair.split(':').map((part) => part.trim());
    const protocol = securityProtocols.find((candidate) => candidate === protocolName.toUpperCase());
    const listener = name.toUpperCase();
    if (name === '' || protocol === undefined || rest.length > 0) {
      findings.error(
        values,
        key,
        `must be a list of NAME:PROTOCOL with one of ${securityProtocols.join(', ')}, which '${pair.trim()}' is not`,
      );
    } else if (protocols.has(listener)) {
      findings.error(values, key, `must not name the listener ${listener} twice`);
    } else {
      protocols.set(listener, protocol);
    }
  }
  // As in Kafka: where nobody wrote a map and nothing asks for security, controller listeners of any name are plain.
  const controllers = values.list('controller.listener.names').map((name) => name.toUpperCase());
  const names = [...bound.map((endpoint) => endpoint.name), ...controllers];
  const asksForSecurity = names.some((name) => name === 'SSL' || name === 'SASL_SSL' || name === 'SASL_PLAINTEXT');
  if (!values.isWritten(key) && !asksForSecurity) {
    for (const name of controllers) protocols.set(name, 'PLAINTEXT');
  }
  return protocols;
}

function protocolOf(
  values: ConfigValues,
  name: string,
  protocols: ReadonlyMap<string, SecurityProtocol>,
  findings: Findings,
): SecurityProtocol {
  const protocol = protocols.get(name);
  if (protocol === undefined) {
    findings.error(
      values,
      'listener.security.protocol.map',
      `must give the listener ${name} a security protocol, as in ${name}:PLAINTEXT`,
    );
    return 'PLAINTEXT';
  }
  if (protocol !== 'PLAINTEXT') {
    findings.error(
      values,
      values.isWritten('listener.security.protocol.map') ? 'listener.security.protocol.map' : 'listeners',
      `asks for ${protocol} on the listener ${name}; this version serves PLAINTEXT only`,
    );
  }
  return protocol;
}

/** Two listeners may share a port only as a pair of an IPv4 and an IPv6 address (KIP-797). */
function checkPorts(values: ConfigValues, bound: readonly Endpoint[], findings: Findings): void {
  const byPort = new Map<number, Endpoint[]>();
  for (const endpoint of bound) {
    if (endpoint.port !== 0) byPort.set(endpoint.port, [...(byPort.get(endpoint.port) ?? []), endpoint]);
  }
  for (const [port, sharing] of byPort) {
    if (sharing.length === 1) continue;
    const kinds = sharing.map((endpoint) => hostKind(endpoint.host)).sort();
    if (kinds.length === 2 && kinds[0] === 'ipv4' && kinds[1] === 'ipv6') continue;
    findings.error(
      values,
      'listeners',
      `must not use port ${port} more than once, but for one IPv4 address and one IPv6 address`,
    );
  }
}

function checkControllerNames(
  values: ConfigValues,
  bound: readonly Endpoint[],
  roles: readonly NodeRole[],
  findings: Findings,
): readonly string[] {
  const key = 'controller.listener.names';
  const names = values.list(key).map((name) => name.toUpperCase());
  for (const name of names) {
    const isBound = bound.some((endpoint) => endpoint.name === name);
    if (roles.includes('controller') && !isBound) {
      findings.error(values, key, `must be among the listeners of a controller, which ${name} is not`);
    } else if (!roles.includes('controller') && isBound) {
      findings.error(values, key, `must not be among the listeners of a node that is no controller, as ${name} is`);
    }
  }
  const strange = bound.find((endpoint) => !names.includes(endpoint.name));
  if (roles.includes('controller') && !roles.includes('broker') && strange !== undefined) {
    const requirement = `must be those of controller.listener.names alone on a controller, unlike ${strange.name}`;
    findings.error(values, 'listeners', requirement);
  }
  for (const name of values.list('early.start.listeners').map((early) => early.toUpperCase())) {
    if (names.includes(name) || bound.some((endpoint) => endpoint.name === name)) continue;
    findings.error(values, 'early.start.listeners', `must be among the listeners, which ${name} is not`);
  }
  if (roles.includes('broker') && !bound.some((endpoint) => !names.includes(endpoint.name))) {
    findings.error(values, 'listeners', 'must have a listener for clients, beside those of controller.listener.names');
  }
  return names;
}

function advertisedAddress(
  endpoint: Endpoint,
  advertised: readonly Endpoint[] | null,
  controllers: readonly string[],
  hostName: string,
): AdvertisedAddress | null {
  if (advertised === null) return { host: endpoint.host === '' ? hostName : endpoint.host, port: endpoint.port };
  const found = advertised.find((candidate) => candidate.name === endpoint.name);
  if (found !== undefined) return { host: found.host === '' ? hostName : found.host, port: found.port };
  return controllers.includes(endpoint.name)
    ? { host: endpoint.host === '' ? hostName : endpoint.host, port: endpoint.port }
    : null;
}

function checkAdvertised(
  values: ConfigValues,
  listeners: readonly ListenerConfig[],
  advertised: readonly Endpoint[] | null,
  controllers: readonly string[],
  findings: Findings,
): void {
  const key = advertised === null ? 'listeners' : 'advertised.listeners';
  for (const { name } of advertised ?? []) {
    // A broker that is no controller may still be told how controllers are reached.
    if (listeners.some((listener) => listener.name === name) || controllers.includes(name)) continue;
    findings.error(values, key, `must name only listeners that there are, which ${name} is not`);
  }
  for (const listener of listeners) {
    if (listener.advertised === null) continue;
    const { host } = listener.advertised;
    if (host === '0.0.0.0') {
      const remedy = advertised === null ? 'set advertised.listeners to an address that clients can reach' : 'name one';
      findings.error(values, key, `would tell clients to connect to 0.0.0.0, which is no address: ${remedy}`);
    } else if (host === '::') {
      findings.warn(values, key, 'tells clients to connect to ::, which works on this machine at most');
    } else if (isLoopback(host) && !isLoopback(listener.host)) {
      const consequence = 'those on other machines will reach themselves';
      findings.warn(values, key, `tells clients of ${listener.name} to connect to ${host}: ${consequence}`);
    }
  }
}

function findInterBrokerListener(
  values: ConfigValues,
  listeners: readonly ListenerConfig[],
  protocols: ReadonlyMap<string, SecurityProtocol>,
  roles: readonly NodeRole[],
  findings: Findings,
): string {
  const key = 'inter.broker.listener.name';
  const written = values.textOrNull(key);
  if (written !== null && values.isWritten('security.inter.broker.protocol')) {
    findings.error(values, key, 'must not be set together with security.inter.broker.protocol');
  }
  const wanted = (written ?? values.text('security.inter.broker.protocol')).toUpperCase();
  if (written !== null && !protocols.has(wanted)) {
    findings.error(values, key, `must be in listener.security.protocol.map, which ${wanted} is not`);
    return wanted;
  }
  if (!roles.includes('broker')) return wanted;
  const found = listeners.find((listener) => listener.name === wanted);
  if (found === undefined || found.isController || found.advertised === null) {
    const choices = listeners.filter(({ isController, advertised }) => !isController && advertised !== null);
    const names = choices.map(({ name }) => name).join(', ') || 'there is none';
    findings.error(
      values,
      written === null && values.isWritten('security.inter.broker.protocol') ? 'security.inter.broker.protocol' : key,
      `must be the name of an advertised listener for clients (${names}); brokers would use ${wanted}`,
    );
  }
  return wanted;
}
