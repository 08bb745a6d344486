import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digest, objectMeta } from '../../src/sandbox/apiserver/catalog.ts';
import { digestOpenApi, OMIT_ZERO, PROTO, VALUE } from '../../src/sandbox/apiserver/openapi/digest.ts';
import { ProtobufError, readProtobuf } from '../../src/sandbox/http/protobuf.ts';

describe('OpenAPI digest', () => {
  const document = {
    components: {
      schemas: {
        'io.x.v1.Thing': {
          description: 'left out',
          type: 'object',
          properties: {
            count: { type: 'integer', format: 'int32', default: 0, description: 'left out' },
            wanted: { type: 'integer', format: 'int32' },
            part: { allOf: [{ $ref: '#/components/schemas/io.x.v1.Part' }], default: {} },
            inner: { type: 'string', default: 'TCP' },
          },
          'x-kubernetes-group-version-kind': [{ group: 'x', version: 'v1', kind: 'Thing' }],
        },
        'io.x.v1.Part': { type: 'object', properties: {} },
        'io.x.v1.Unused': { type: 'object' },
      },
    },
  };
  const source = [
    'type Thing struct {',
    '\tCount int32 `json:"count,omitempty" protobuf:"varint,1,opt,name=count"`',
    '\tWanted *int32 `json:"wanted,omitempty" protobuf:"varint,2,opt,name=wanted"`',
    '\tPart Part `json:"part,omitempty" patchStrategy:"merge" protobuf:"bytes,3,opt,name=part"`',
    '\tInside `json:",inline" protobuf:"bytes,4,opt,name=inside"`',
    '}',
    'type Inside struct {',
    '\tInner string `json:"inner" protobuf:"bytes,1,opt,name=inner"`',
    '}',
    '',
  ].join('\n');

  it('keeps shapes, defaults and what Go knows', () => {
    const made = digestOpenApi([document], ['x/v1/Thing'], 'v1', { 'io.x.v1': source });
    assert.deepEqual(Object.keys(made.schemas), ['io.x.v1.Part', 'io.x.v1.Thing']);
    assert.deepEqual(made.schemas['io.x.v1.Thing'], {
      type: 'object',
      properties: {
        count: { type: 'integer', format: 'int32', [PROTO]: [1], [OMIT_ZERO]: true },
        wanted: { type: 'integer', format: 'int32', [PROTO]: [2] },
        part: { $ref: 'io.x.v1.Part', [PROTO]: [3], [VALUE]: true },
        inner: { type: 'string', default: 'TCP', [PROTO]: [4, 1] },
      },
    });
    assert.throws(
      () => digestOpenApi([document], ['x/v1/Nope'], 'v1', {}),
      /kind x\/v1\/Nope is not in the documents/,
    );
  });

  it('of the built-in kinds is whole', () => {
    assert.match(digest.version, /^v1\.36\./);
    for (const name of Object.values(digest.kinds)) assert.ok(digest.schemas[name], name);
    assert.deepEqual(objectMeta.fields?.get('ownerReferences')?.keys, ['uid']);
  });
});

describe('protobuf', () => {
  it('refuses what is cut off or not protobuf at all', () => {
    const envelope = Buffer.from([0x6b, 0x38, 0x73, 0x00, 0x12, 0x04, 0x0a, 0x02, 0x0a, 0x09]);
    for (const body of [
      Buffer.from('{}'),
      envelope,
      Buffer.from([0x6b, 0x38, 0x73, 0x00, 0x12, 0xff, 0xff]),
    ]) {
      assert.throws(
        () =>
          readProtobuf(body, {
            shape: 'struct',
            fields: new Map([['metadata', { ...objectMeta, proto: [1] }]]),
          }),
        ProtobufError,
      );
    }
  });
});
