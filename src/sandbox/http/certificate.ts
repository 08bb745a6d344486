/**
 * A certificate authority of the sandbox's own and the certificate that it serves with: ECDSA on P-256, made new at
 * each start. Only what X.509 v3 needs for that is encoded here (RFC 5280), in DER.
 */

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface ServingCertificate {
  /** PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 365;

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  if (body.length < 0x80) length.push(body.length);
  else {
    for (let left = body.length; left > 0; left = Math.floor(left / 256)) length.unshift(left & 0xff);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: Uint8Array[]): Buffer => der(0x31, ...parts);
const octets = (value: Uint8Array): Buffer => der(0x04, value);
const bits = (value: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.from([unused]), value);
const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
const text = (value: string): Buffer => der(0x0c, Buffer.from(value, 'utf8'));

function integer(value: Uint8Array): Buffer {
  const first = value[0] ?? 0;
  return der(0x02, first >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), value);
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

const generalizedTime = (ms: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));

const name = (commonName: string): Buffer => sequence(set(sequence(objectId('2.5.4.3'), text(commonName))));

const ECDSA_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));

const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), octets(value));

const words = (part: string): number[] =>
  part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));

const ipBytes = (address: string): Buffer => {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const url = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = url.split('::');
  const left = words(head);
  const right = tail === undefined ? [] : words(tail);
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]));
};

const alternativeName = (host: string): Buffer =>
  isIP(host) === 0 ? der(0x82, Buffer.from(host, 'latin1')) : der(0x87, ipBytes(host));

interface CertificateOptions {
  subject: string;
  issuer: string;
  key: KeyObject;
  signer: KeyObject;
  now: number;
  /** A year when absent. */
  until?: number | undefined;
  extensions: Buffer[];
}

function certificate(options: CertificateOptions): string {
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ECDSA_SHA256,
    name(options.issuer),
    sequence(
      generalizedTime(options.now - DAY_MS),
      generalizedTime(options.until ?? options.now + LIFETIME_DAYS * DAY_MS),
    ),
    name(options.subject),
    options.key.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...options.extensions)),
  );
  const signed = sequence(toBeSigned, ECDSA_SHA256, bits(sign('sha256', toBeSigned, options.signer)));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** `hosts`: names and addresses under which the server is reached. `now`: for the validity. */
export function makeCertificates(hosts: readonly string[], now: number): ServingCertificate {
  const { ca, issue } = makeAuthority(now);
  const usage = [
    extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, sequence(...hosts.map(alternativeName))),
  ];
  return { ca, ...issue('sluice sandbox', usage) };
}

/** An authority for clients; `user` becomes the common name. PEM. */
export function makeClientAuthority(now: number): {
  ca: string;
  issue: (user: string, until: number) => { certificate: string; key: string };
} {
  const { ca, issue } = makeAuthority(now);
  const usage = [extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.2')))];
  return { ca, issue: (user, until) => issue(user, usage, until) };
}

function makeAuthority(now: number): {
  ca: string;
  issue: (subject: string, usage: readonly Buffer[], until?: number) => { certificate: string; key: string };
} {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'sluice sandbox CA';
  return {
    ca: certificate({
      subject: issuer,
      issuer,
      key: authority.publicKey,
      signer: authority.privateKey,
      now,
      extensions: [
        extension('2.5.29.19', true, sequence(boolean(true))),
        // keyCertSign and cRLSign
        extension('2.5.29.15', true, bits(Buffer.from([0x06]), 1)),
      ],
    }),
    issue: (subject, usage, until) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        certificate: certificate({
          subject,
          issuer,
          key: publicKey,
          signer: authority.privateKey,
          now,
          until,
          extensions: [
            extension('2.5.29.19', true, sequence()),
            // digitalSignature
            extension('2.5.29.15', true, bits(Buffer.from([0x80]), 7)),
            ...usage,
          ],
        }),
        key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      };
    },
  };
}
