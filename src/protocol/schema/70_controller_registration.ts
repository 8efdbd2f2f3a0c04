import { array, bool, int16, int32, message, string, uint16, uuid, type Decoded } from '../schema_language.ts';

/** A controller registers with the active one (KIP-919). */
export const controllerRegistrationRequest = message('ControllerRegistrationRequest', {
  apiKey: 70,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    controllerId: int32(),
    /** New with each start of the process. */
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: array({
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
export type ControllerRegistrationRequest = Decoded<typeof controllerRegistrationRequest>;

export const controllerRegistrationResponse = message('ControllerRegistrationResponse', {
  apiKey: 70,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
});
export type ControllerRegistrationResponse = Decoded<typeof controllerRegistrationResponse>;
