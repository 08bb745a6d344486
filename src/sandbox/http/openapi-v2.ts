/**
 * OpenAPI v2 without schemas. kubectl asks for it when v3 does not know a kind, and says what is wrong only
 * when it gets an answer.
 */

import { VERSION } from './discovery.ts';

export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/** The real server answers with a point for the `@`, which no media type may hold. */
export const OPENAPI_V2_ANSWER = OPENAPI_V2_PROTOBUF.replace('@', '.');

const TITLE = 'Kubernetes';

export const openApiV2 = {
  swagger: '2.0',
  info: { title: TITLE, version: String(VERSION['gitVersion']) },
  paths: {},
  definitions: {},
};

/** Field number and length before the bytes; short fields only. */
const field = (number: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([(number << 3) | 2, bytes.length, ...bytes]);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** The same as `openapi.v2.Document`: swagger 1, info 2 (title 1, version 2), paths 8. */
export const openApiV2Bytes: Uint8Array = joined(
  field(1, text(openApiV2.swagger)),
  field(2, joined(field(1, text(TITLE)), field(2, text(openApiV2.info.version)))),
  field(8, new Uint8Array()),
);
