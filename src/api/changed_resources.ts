import { ErrorCode } from '../protocol/errors.ts';
import { NOT_DONE, OUTCOME_BYTES, textBytes } from './forwarded_call.ts';

/** A resource in a request that changes settings. */
interface ResourceToChange {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

/** Room for what is told about these resources: one sentence about one of them may name all their settings. */
export function changedResourcesBytes(resources: readonly ResourceToChange[]): number {
  let bytes = 64;
  for (const { resourceName, configs } of resources) {
    bytes += OUTCOME_BYTES + textBytes(resourceName);
    for (const { name, value } of configs) bytes += textBytes(name) + textBytes(value) + 16;
  }
  return bytes;
}

/** The answer when control could not decide now. */
export function notChanged(resources: readonly ResourceToChange[]): {
  readonly throttleTimeMs: number;
  readonly responses: readonly {
    readonly errorCode: ErrorCode;
    readonly errorMessage: string;
    readonly resourceType: number;
    readonly resourceName: string;
  }[];
} {
  const responses = resources.map(({ resourceType, resourceName }) => ({
    errorCode: ErrorCode.REQUEST_TIMED_OUT,
    errorMessage: NOT_DONE,
    resourceType,
    resourceName,
  }));
  return { throttleTimeMs: 0, responses };
}
