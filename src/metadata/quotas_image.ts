import type { ClientQuotaRecord } from '../protocol/schema/metadata/client_quota_record.ts';

/** One part of whom a quota is for: `entityType` is user, client-id or ip; null is the default of that type. */
export interface QuotaEntityPart {
  readonly entityType: string;
  readonly entityName: string | null;
}

/** Quotas of one entity, by key (`producer_byte_rate`, …; KIP-546). */
export interface QuotaEntity {
  /** By rising type. */
  readonly parts: readonly QuotaEntityPart[];
  readonly values: ReadonlyMap<string, number>;
}

interface ChangeableQuotas extends QuotaEntity {
  readonly values: Map<string, number>;
}

/** What clients are held to, by whom it is for. */
export class QuotasImage {
  readonly #entities = new Map<string, ChangeableQuotas>();

  entities(): IterableIterator<QuotaEntity> {
    return this.#entities.values();
  }

  /** The quotas that were set for exactly this entity; its parts in any order. */
  of(parts: readonly QuotaEntityPart[]): QuotaEntity | undefined {
    return this.#entities.get(keyOf(sorted(parts)));
  }

  apply({ entity, key, value, remove }: ClientQuotaRecord): void {
    const parts = sorted(entity);
    const entityKey = keyOf(parts);
    let quotas = this.#entities.get(entityKey);
    if (quotas === undefined) {
      if (remove) return;
      quotas = { parts, values: new Map() };
      this.#entities.set(entityKey, quotas);
    }
    if (remove) quotas.values.delete(key);
    else quotas.values.set(key, value);
    if (quotas.values.size === 0) this.#entities.delete(entityKey);
  }
}

function sorted(parts: readonly QuotaEntityPart[]): readonly QuotaEntityPart[] {
  return parts.toSorted((a, b) => (a.entityType < b.entityType ? -1 : 1));
}

function keyOf(parts: readonly QuotaEntityPart[]): string {
  return JSON.stringify(parts.map(({ entityType, entityName }) => [entityType, entityName]));
}
