import { array, bool, int16, int32, message, string, uint16, uuid, type Decoded } from '../../schema_language.ts';

/** A controller has registered (KIP-919). */
export const registerControllerRecord = message('RegisterControllerRecord', {
  apiKey: 27,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    endPoints: array({
      name: string({ mapKey: true }),
      host: string(),
      port: uint16(),
      securityProtocol: int16(),
    }),
    features: array({
      name: string({ mapKey: true }),
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
});
export type RegisterControllerRecord = Decoded<typeof registerControllerRecord>;
