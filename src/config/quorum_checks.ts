import { isWellFormedHost } from './address.ts';
import type { ListKey } from './keys.ts';
import type { NodeRole } from './node_config.ts';
import type { Findings } from './problems.ts';
import type { ConfigValues } from './values.ts';

/**
 * Holds the keys of the metadata quorum against each other and the roles (KIP-595, KIP-853). A node that took itself for
 * the whole of a cluster that has other members would begin a history of its own.
 */
export function checkQuorum(
  values: ConfigValues,
  roles: readonly NodeRole[],
  nodeId: number,
  findings: Findings,
): void {
  if (!roles.includes('broker') || !roles.includes('controller')) {
    findings.error(values, 'process.roles', 'must be broker,controller: this version runs clusters of one node');
  }
  const voters = readVoters(values, findings);
  if (voters !== null && !roles.includes('controller') && voters.includes(nodeId)) {
    findings.error(values, 'controller.quorum.voters', `must not name node ${nodeId}, which is no controller`);
  } else if (voters !== null && voters.length > 0 && (voters.length > 1 || voters[0] !== nodeId)) {
    const requirement = `must name node ${nodeId} alone: this version runs clusters of one node`;
    findings.error(values, 'controller.quorum.voters', requirement);
  }
  const serversKey: ListKey = 'controller.quorum.bootstrap.servers';
  const servers = values.list(serversKey);
  for (const server of servers) {
    if (isAddress(server)) continue;
    findings.error(values, serversKey, `must be a list of host:port (IPv6 in brackets), which '${server}' is not`);
  }
  if (servers.length > 1) {
    findings.error(values, serversKey, 'must name this node alone: this version runs clusters of one node');
  }
}

/** The ids of `controller.quorum.voters`; null where findings say what is wrong with them. */
function readVoters(values: ConfigValues, findings: Findings): readonly number[] | null {
  const key: ListKey = 'controller.quorum.voters';
  const ids: number[] = [];
  for (const voter of values.list(key)) {
    const match = /^(\d{1,10})@(.*)$/.exec(voter);
    if (match === null || !isAddress(match[2]!)) {
      findings.error(values, key, `must be a list of id@host:port (IPv6 in brackets), which '${voter}' is not`);
      return null;
    }
    if (/@(0\.0\.0\.0|\[::\]):/.test(voter)) {
      findings.error(values, key, `must name hosts that can be reached, which that of '${voter}' cannot`);
      return null;
    }
    ids.push(Number(match[1]));
  }
  return ids;
}

function isAddress(text: string): boolean {
  const match = /^(?:\[([^\]\s]+)\]|([^\s[\]/:]+)):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[3]) <= 65_535 && isWellFormedHost(match[1] ?? match[2] ?? '');
}
