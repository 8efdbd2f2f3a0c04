import { int16, message, string, type Decoded } from '../../schema_language.ts';

/** Level of a feature; 0 removes it. The first one of metadata.version begins every metadata log. */
export const featureLevelRecord = message('FeatureLevelRecord', {
  apiKey: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string(),
    featureLevel: int16(),
  },
});
export type FeatureLevelRecord = Decoded<typeof featureLevelRecord>;
