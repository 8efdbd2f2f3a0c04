import { array, bool, int16, int32, int8, message, string, type Decoded } from '../schema_language.ts';

/**
 * Changes levels of features (KIP-584). 1: kinds of downgrade, validate only (KIP-778). 2: no results of single
 * features.
 */
export const updateFeaturesRequest = message('UpdateFeaturesRequest', {
  apiKey: 57,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  fields: {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array({
      feature: string({ mapKey: true }),
      maxVersionLevel: int16(),
      allowDowngrade: bool({ versions: '0' }),
      /** 1 upgrade, 2 safe downgrade, 3 unsafe downgrade. */
      upgradeType: int8({ versions: '1+', default: 1 }),
    }),
    validateOnly: bool({ versions: '1+', default: false }),
  },
});
export type UpdateFeaturesRequest = Decoded<typeof updateFeaturesRequest>;

export const updateFeaturesResponse = message('UpdateFeaturesResponse', {
  apiKey: 57,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(
      {
        feature: string({ mapKey: true }),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      },
      { versions: '0-1', ignorable: true },
    ),
  },
});
export type UpdateFeaturesResponse = Decoded<typeof updateFeaturesResponse>;
