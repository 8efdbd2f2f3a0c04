import { decodeBase64 } from '../base/base64.ts';
import type { MetadataRecord } from '../metadata/records.ts';
import type { Digests } from '../port/digests.ts';
import {
  saltPassword,
  SCRAM_MECHANISMS,
  scramCredentialRecord,
  type ScramMechanism,
} from '../security/scram_credential.ts';
import type { StoragePorts } from './storage_ports.ts';

const SALT_BYTES = 24;
const FIELDS = ['name', 'password', 'salt', 'saltedpassword', 'iterations'];
const EXAMPLE = "'SCRAM-SHA-256=[name=alice,password=alice-secret]'";

/**
 * The credential that `--add-scram` asks for, in Kafka's writing: a mechanism, then in brackets `name`, `password` or
 * `saltedpassword` (base64), `salt` (base64) and `iterations`; values may be quoted. A text: a sentence that says what is
 * wrong, and repeats no password.
 */
export function scramRecordOf(ports: StoragePorts, digests: Digests, option: string): MetadataRecord | string {
  const equals = option.indexOf('=');
  const mechanism = SCRAM_MECHANISMS.find(({ name }) => name === option.slice(0, Math.max(0, equals)).trim());
  if (mechanism === undefined) {
    const names = SCRAM_MECHANISMS.map(({ name }) => name).join(' or ');
    return `--add-scram must begin with ${names} and '=', as in ${EXAMPLE}`;
  }
  const fields = readFields(option.slice(equals + 1).trim());
  if (typeof fields === 'string') return `--add-scram ${mechanism.name}: ${fields}`;
  const record = recordOf(ports, digests, mechanism, fields);
  return typeof record === 'string' ? `--add-scram ${mechanism.name}: ${record}` : record;
}

function readFields(text: string): ReadonlyMap<string, string> | string {
  const inside = /^\[(.*)\]$/s.exec(text)?.[1];
  if (inside === undefined) return `what follows '=' must stand in brackets, as in ${EXAMPLE}`;
  const fields = new Map<string, string>();
  for (const match of inside.matchAll(/([^,"]|"[^"]*")+/g)) {
    const part = match[0];
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(0, equals)).trim();
    if (!FIELDS.includes(name)) return `in the brackets stand ${FIELDS.join(', ')}, each with '=' and a value`;
    if (fields.has(name)) return `${name} is given more than once`;
    const value = part.slice(equals + 1).trim();
    fields.set(name, /^".*"$/s.test(value) ? value.slice(1, -1) : value);
  }
  return fields;
}

function recordOf(
  { entropy, kernels }: StoragePorts,
  digests: Digests,
  mechanism: ScramMechanism,
  fields: ReadonlyMap<string, string>,
): MetadataRecord | string {
  const name = fields.get('name') ?? '';
  if (name === '') return 'name is missing';
  const { iterationsMin, iterationsMax } = mechanism;
  const iterations = Number(fields.get('iterations') ?? iterationsMin);
  if (!Number.isInteger(iterations) || iterations < iterationsMin || iterations > iterationsMax) {
    return `iterations must be a whole number from ${iterationsMin} to ${iterationsMax}`;
  }
  const salt = fields.has('salt') ? decodeBase64(fields.get('salt')!) : new Uint8Array(SALT_BYTES);
  if (salt === null || salt.length === 0) return 'salt must be base64';
  const salted = fields.get('saltedpassword');
  const password = fields.get('password');
  if ((salted === undefined) === (password === undefined)) return 'give one of password and saltedpassword';
  if (password !== undefined) {
    if (!fields.has('salt')) entropy.fill(salt);
    const bytes = kernels.encodeText(password);
    return scramCredentialRecord(digests, name, saltPassword(digests, mechanism, bytes, salt, iterations));
  }
  if (!fields.has('salt')) return 'saltedpassword needs the salt that it was made with';
  const saltedPassword = decodeBase64(salted!);
  if (saltedPassword === null || saltedPassword.length === 0) return 'saltedpassword must be base64';
  return scramCredentialRecord(digests, name, { mechanism, salt, iterations, saltedPassword });
}
