import { codecOf } from '../protocol/codec.ts';
import { ErrorCode } from '../protocol/errors.ts';
import {
  describeClusterRequest,
  describeClusterResponse,
  type DescribeClusterRequest,
} from '../protocol/schema/60_describe_cluster.ts';
import { CLUSTER_OPERATIONS, UNTOLD } from './authorized_operations.ts';
import type { ApiHandler, ApiHost } from './host.ts';
import { ReachableBrokers } from './reachable_brokers.ts';
import type { Request } from './request.ts';

/**
 * DescribeCluster (60), versions 0 to 2: KIP-700, KIP-919 kinds of endpoints, KIP-1073 fenced brokers.
 *
 * Runs on the receiving shard, out of its image. Never waits. Tells the addresses of the listener that was asked, of
 * brokers or of controllers. Not done yet: authorization.
 *
 *     served by  this shard alone
 *     bound      the frame
 *     errors     MISMATCHED_ENDPOINT_TYPE UNSUPPORTED_ENDPOINT_TYPE
 */
export const describeClusterHandler: ApiHandler = {
  handle(request: Request, host: ApiHost): void {
    const body = codecOf(describeClusterRequest).decode(host.body(request), request.apiVersion);
    if (body === null) return host.refuse(request, 'a malformed DescribeCluster request');
    const { node } = host;
    const { listener } = request.origin;
    const writer = host.beginAnswer(request);
    const here = node.isControllerListener(listener) ? CONTROLLERS : BROKERS;
    const refusal = refusalOf(body, here);
    if (refusal !== null) {
      codecOf(describeClusterResponse).encode(writer, request.apiVersion, { clusterId: '', brokers: [], ...refusal });
      return host.complete(request);
    }
    const reachable = new ReachableBrokers(host, listener);
    const nodes = here === BROKERS ? reachable.all() : reachable.controllers();
    const told = body.includeFencedBrokers ? nodes : nodes.filter(({ isFenced }) => !isFenced);
    codecOf(describeClusterResponse).encode(writer, request.apiVersion, {
      throttleTimeMs: 0,
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      endpointType: here,
      clusterId: node.clusterId,
      controllerId: here === BROKERS ? reachable.contact() : node.nodeId,
      brokers: told.map(({ nodeId, ...rest }) => ({ brokerId: nodeId, ...rest })),
      clusterAuthorizedOperations: body.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : UNTOLD,
    });
    host.complete(request);
  },
};

/** A listener tells of the nodes that it is a listener of. */
function refusalOf(
  { endpointType }: DescribeClusterRequest,
  here: number,
): { readonly throttleTimeMs: number; readonly errorCode: ErrorCode; readonly errorMessage: string } | null {
  if (endpointType === here) return null;
  const names = new Map([
    [BROKERS, 'BROKER'],
    [CONTROLLERS, 'CONTROLLER'],
  ]);
  const wanted = names.get(endpointType);
  if (wanted === undefined) {
    const errorMessage = `Unsupported endpoint type ${endpointType}`;
    return { throttleTimeMs: 0, errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, errorMessage };
  }
  const errorMessage = `The request was sent to an endpoint of type ${names.get(here)!}, but we wanted an endpoint of type ${wanted}`;
  return { throttleTimeMs: 0, errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, errorMessage };
}

/** `EndpointType` on the wire. */
const BROKERS = 1;
const CONTROLLERS = 2;
