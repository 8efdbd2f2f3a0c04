import type { PropertyChange } from '../config/properties_edit.ts';
import { ROUNDS_MIN, type ArenaAnswer, type FlushAnswer, type Judgement, type ShardAnswer } from './recommendation.ts';
import { bytesText, gainText } from './units.ts';

/** What is to be said of one setting. */
export interface SettingAnswer {
  readonly name: 'millrace.shards' | 'millrace.flush.policy' | 'millrace.arena.bytes';
  readonly current: string;
  /** Null: stay with what there is. */
  readonly recommended: string | null;
  readonly why: string;
  /** Where the current value was written; null: it is the default. */
  readonly writtenIn: string | null;
  readonly isFromFile: boolean;
}

type Answered = Omit<SettingAnswer, 'writtenIn' | 'isFromFile'>;

/** Recommended values. One that the environment or the command line sets stays theirs: they win over the file. */
export function changesOf(settings: readonly SettingAnswer[]): readonly PropertyChange[] {
  return settings
    .filter(({ recommended, writtenIn, isFromFile }) => recommended !== null && (writtenIn === null || isFromFile))
    .map(({ name, recommended }) => ({ name, text: recommended! }));
}

export function shardsAnswer(current: number, { shards, judged }: ShardAnswer, preference: string): Answered {
  const of = preference === 'cpu' ? 'work for a CPU-second' : 'work at most';
  const told = judged.map((one) => `${one.shards} ${one.shards === 1 ? 'shard' : 'shards'}: ${judgementText(one)}`);
  return {
    name: 'millrace.shards',
    current: String(current),
    recommended: shards === null ? null : String(shards),
    why: told.length === 0 ? 'there is one core' : `${of} beside ${current}: ${told.join('; ')}`,
  };
}

export function flushAnswer(current: string, { policy, judged }: FlushAnswer, syncMs: number): Answered {
  const told = judged.map((one) => `${one.policy}: ${judgementText(one)}`);
  const costs = policy === 'acknowledged' ? `; a lone producer waits ${syncMs.toFixed(2)} ms more for each answer` : '';
  return {
    name: 'millrace.flush.policy',
    current,
    recommended: policy,
    why: `throughput beside ${current}: ${told.join('; ')}${costs}`,
  };
}

export function arenaAnswer(current: number, { arenaBytes, judged }: ArenaAnswer): Answered {
  const told = judged.map((one) => `${bytesText(one.arenaBytes)}: ${judgementText(one)}`);
  return {
    name: 'millrace.arena.bytes',
    current: String(current),
    recommended: arenaBytes === null ? null : String(arenaBytes),
    why:
      told.length === 0
        ? `no other size than ${bytesText(current)} can be`
        : `throughput beside ${bytesText(current)} for each shard: ${told.join('; ')}`,
  };
}

export function judgementText({ verdict, gain, noise }: Judgement): string {
  if (!Number.isFinite(noise)) return `inconclusive (fewer than ${ROUNDS_MIN} rounds that count)`;
  const told = `${gainText(gain)} ± ${(noise * 100).toFixed(0)} %`;
  return verdict === 'inconclusive' ? `inconclusive (${told})` : verdict === 'same' ? `the same (${told})` : told;
}
