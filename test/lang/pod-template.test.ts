import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { imageTag } from '../../src/lang/image.ts';
import { deepFreeze, type JsonObject } from '../../src/lang/json.ts';
import { defaultPodTemplate } from '../../src/lang/pod-defaults.ts';
import { podTemplatesEqual, untypedFields } from '../../src/lang/pod-template.ts';
import { withVectors } from '../shared.ts';
import { jsonObject } from './json-arbitrary.ts';

interface Row {
  mutation: string | null;
  live: JsonObject;
  desired: JsonObject;
  equal: boolean;
}

withVectors<Row>('template-equal', (rows) => {
  it('every row', () => {
    const wrong = rows
      .map((row, i) => ({
        row: i + 1,
        ...row,
        ours: podTemplatesEqual(deepFreeze(row.live), deepFreeze(row.desired)),
      }))
      .filter(({ ours, equal }) => ours !== equal);
    assert.deepEqual(wrong, [], `${wrong.length} of ${rows.length} rows differ`);
  });
});

const template = (container: JsonObject, spec: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: 'x' } },
  spec: { containers: [{ name: 'x', image: 'x:1', ...container }], ...spec },
});
const live = (container: JsonObject, spec: JsonObject = {}): JsonObject =>
  defaultPodTemplate(template(container, spec));

describe('equality of pod templates', () => {
  it('compares quantities by value, and rounds as the server does', () => {
    const memory = (value: string | number): JsonObject => ({ resources: { requests: { memory: value } } });
    assert.ok(podTemplatesEqual(live(memory('1Gi')), template(memory(1073741824))));
    assert.ok(podTemplatesEqual(live(memory('1m')), template(memory('1u'))));
    assert.ok(!podTemplatesEqual(live(memory('1Gi')), template(memory('1G'))));
  });

  it('tells unset from false, but not absent from empty', () => {
    assert.ok(!podTemplatesEqual(live({}), template({}, { automountServiceAccountToken: false })));
    assert.ok(podTemplatesEqual(live({ args: [] }), template({})));
    assert.ok(podTemplatesEqual(live({}, { nodeSelector: {} }), template({})));
    assert.ok(
      podTemplatesEqual(
        { spec: live({})['spec'] as JsonObject, metadata: { labels: { app: 'x' } } },
        template({}),
      ),
    );
  });

  it('an untyped field counts where both sides have it', () => {
    assert.ok(podTemplatesEqual(live({}, { newer: 1 }), template({}, { newer: 1 })));
    assert.ok(!podTemplatesEqual(live({}, { newer: 1 }), template({}, { newer: 2 })));
    assert.ok(podTemplatesEqual(live({}, { newer: 1 }), template({})));
    assert.ok(podTemplatesEqual(live({}), template({}, { newer: 2 })));
    assert.ok(!podTemplatesEqual(live({ newer: [1] }), template({ newer: [2] })));
  });

  it('a volume of an unknown kind does not become an emptyDir', () => {
    const volumes = [{ name: 'v', newer: { a: 1 } }];
    assert.deepEqual((defaultPodTemplate({ spec: { volumes } })['spec'] as JsonObject)['volumes'], volumes);
  });

  it('names the fields that the API does not know', () => {
    assert.deepEqual(
      untypedFields({
        ...template({ imagee: 'y', ports: [{ containerPort: 80, nam: 'x' }], env: null }),
        status: {},
        gone: null,
      }),
      ['spec.containers[0].imagee', 'spec.containers[0].ports[0].nam', 'status'],
    );
  });

  it('a defaulted template equals what it came from; any JSON is compared without an error', () => {
    fc.assert(
      fc.property(jsonObject({ nulls: true }), jsonObject({ nulls: true }), (spec, metadata) => {
        const any = deepFreeze({ metadata, spec });
        assert.ok(podTemplatesEqual(defaultPodTemplate(any), any));
        assert.deepEqual(defaultPodTemplate(defaultPodTemplate(any)), defaultPodTemplate(any));
        podTemplatesEqual(any, spec);
        untypedFields(any);
      }),
    );
  });
});

describe('image tags', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const rows: [string, string][] = [
    ['nginx', 'latest'],
    ['nginx:1.19', '1.19'],
    ['reg:5000/a/b', 'latest'],
    ['reg:5000/a/b:c', 'c'],
    [`a@${digest}`, ''],
    [`a:latest@${digest}`, 'latest'],
    ['localhost/a', 'latest'],
    ['Foo/bar', 'latest'],
    ['foo/Bar', ''],
    ['', ''],
    ['a:', ''],
    ['a b', ''],
    ['0'.repeat(64), ''],
    ['a@sha256:1', ''],
    ['[::1]:5000/a', 'latest'],
    [`${'a-'.repeat(100_000)}`, ''],
  ];
  for (const [image, tag] of rows) {
    it(image.slice(0, 40) || 'empty', () => assert.equal(imageTag(image), tag));
  }
});
