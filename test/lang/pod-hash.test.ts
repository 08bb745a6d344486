import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../src/lang/json.ts';
import { podTemplateHash, podTemplateJson } from '../../src/lang/pod-hash.ts';
import { withVectors } from '../shared.ts';
import { jsonObject } from './json-arbitrary.ts';

interface Row {
  kind: string;
  template: JsonObject;
  collisionCount?: number;
  hash: string;
}

withVectors<Row>('pod-hash', (rows) => {
  it('every row', () => {
    const wrong = rows
      .map((row, i) => ({ ...row, row: i + 1, ours: podTemplateHash(row.template, row.collisionCount) }))
      .filter(({ ours, hash }) => ours !== hash);
    assert.deepEqual(wrong, [], `${wrong.length} of ${rows.length} rows differ`);
  });
});

describe('the pod-template hash', () => {
  const template = (name: string, more: JsonObject = {}): JsonObject => ({
    metadata: { labels: { app: name } },
    spec: {
      containers: [
        {
          name,
          image: 'nginx:1.19-alpine',
          ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
          resources: { requests: { cpu: '5m', memory: '16Mi' } },
        },
      ],
      ...more,
    },
  });

  it('has the values that outside suites rely on', () => {
    assert.equal(podTemplateHash(template('canary-scaledowndelay')), '674d8cf959');
    assert.equal(
      podTemplateHash(
        template('dynamic-stable-scale', {
          readinessGates: [{ conditionType: 'argoproj.io/e2e-readiness' }],
        }),
      ),
      '6b56c8cdb4',
    );
  });

  it('prints the struct in the order of Go, with what is always there', () => {
    assert.equal(
      podTemplateJson({ spec: { containers: [{ image: 'a<b>&c\u2028', name: 'x' }], hostNetwork: false } }),
      '{"metadata":{},"spec":{"containers":[{"name":"x","image":"a\\u003cb\\u003e\\u0026c\\u2028","resources":{}}]}}',
    );
    assert.equal(podTemplateJson({}), '{"metadata":{},"spec":{"containers":null}}');
  });

  it('is the same with and without fields that the API does not know', () => {
    const known = template('x');
    const unknown = { ...template('x', { newer: { a: 1 } }), extra: true };
    assert.equal(podTemplateHash(unknown), podTemplateHash(known));
  });

  it('takes an unreadable quantity out and keeps the others', () => {
    const requests = (value: JsonObject): string =>
      podTemplateHash({ spec: { containers: [{ name: 'x', resources: { requests: value } }] } });
    assert.equal(requests({ memory: 'invalid', cpu: '5m' }), requests({ cpu: '5m' }));
  });

  it('depends on the collision count, also on 0', () => {
    const hashes = [undefined, 0, 1, 2].map((count) => podTemplateHash(template('x'), count));
    assert.equal(new Set(hashes).size, 4);
  });

  it('any JSON has a safe, stable hash', () => {
    const deep = fc.record({
      metadata: jsonObject({ nulls: true }),
      spec: fc.record({ containers: fc.anything() }),
    });
    fc.assert(
      fc.property(fc.oneof(jsonObject({ nulls: true }), deep as fc.Arbitrary<JsonObject>), (json) => {
        const hash = podTemplateHash(json);
        assert.match(hash, /^[bcdf-hj-np-tv-xz2-9]{1,10}$/);
        assert.equal(podTemplateHash(structuredClone(json)), hash);
      }),
    );
  });
});
