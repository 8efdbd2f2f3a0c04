import { FetchSession } from '../../../src/api/fetch_session.ts';
import { replaceMethod } from './planted_bug.ts';
import type { PlantedBug } from './planted_bug.ts';

export const sessionEpochIgnored: PlantedBug = {
  name: 'session-epoch-ignored',
  title: 'a fetch session goes on with any epoch, as if every request came once and in order',
  suite: 'node',
  seed: 0,
  finding: /I15 fetch session/,
  plant: () => replaceMethod(FetchSession.prototype, 'isNext', () => () => true),
};
