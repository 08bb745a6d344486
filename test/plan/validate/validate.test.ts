import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decode } from '../../../src/api/decode.ts';
import { formatFieldError } from '../../../src/api/field-error.ts';
import {
  rolloutSchema,
  type CanaryStrategy,
  type Rollout,
  type RolloutSpec,
} from '../../../src/api/rollout.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { notImplemented } from '../../../src/plan/rollout/not-implemented.ts';
import { validateReferences } from '../../../src/plan/rollout/validate-references.ts';
import { validateRollout } from '../../../src/plan/rollout/validate.ts';
import { pauseSeconds } from '../../../src/plan/rollout/validate/steps.ts';

const template = (spec: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: 'demo' } },
  spec: { containers: [{ name: 'app', image: 'app:v1' }], ...spec },
});
const rollout = (spec: RolloutSpec): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'demo', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'demo' } }, template: template(), ...spec },
});
const texts = (spec: RolloutSpec): string[] => validateRollout(rollout(spec)).map(formatFieldError);
const canary = (strategy: CanaryStrategy): string[] => texts({ strategy: { canary: strategy } });
const pod = (spec: JsonObject): string[] => texts({ template: template(spec), strategy: { canary: {} } });
const container = (fields: JsonObject): string[] =>
  pod({ containers: [{ name: 'app', image: 'app:v1', ...fields }] });

describe('validateRollout', () => {
  it('accepts the shape that tutorials teach', () => {
    assert.deepEqual(
      canary({ steps: [{ setWeight: 20 }, { pause: { duration: '1h' } }, { setWeight: 40 }, { pause: {} }] }),
      [],
    );
  });

  it('wants one strategy', () => {
    assert.deepEqual(texts({}), [
      "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
    ]);
    assert.deepEqual(texts({ strategy: { canary: {}, blueGreen: { activeService: 'a' } } }), [
      'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
    ]);
  });

  it('refuses a whole of the traffic that is nothing', () => {
    const routed = (maxTrafficWeight: number): string[] =>
      canary({
        stableService: 'a',
        canaryService: 'b',
        trafficRouting: { nginx: { stableIngress: 'i' }, maxTrafficWeight },
        steps: [{ setWeight: 0 }],
      });
    const refused = 'maxTrafficWeight must be greater than 0';
    const at = 'spec.strategy.trafficRouting.maxTrafficWeight';
    assert.deepEqual(routed(0), [`${at}: Invalid value: 0: ${refused}`]);
    assert.ok(routed(-5).includes(`${at}: Invalid value: -5: ${refused}`));
    assert.deepEqual(routed(1), []);
  });

  it('refuses a surge and an unavailability that are both zero, whatever their spelling', () => {
    const zero = ': MaxSurge and MaxUnavailable both can not be zero';
    assert.deepEqual(canary({ maxSurge: 0, maxUnavailable: 0 }), [
      `spec.strategy.maxSurge: Invalid value: 0${zero}`,
    ]);
    assert.deepEqual(canary({ maxSurge: '0%', maxUnavailable: '0' }), [
      `spec.strategy.maxSurge: Invalid value: "0%"${zero}`,
    ]);
    assert.deepEqual(canary({ maxSurge: 0 }), []);
    assert.deepEqual(canary({ maxSurge: '0%', maxUnavailable: 1 }), []);
  });

  it('judges the template of a workloadRef once it is there', () => {
    const spec: RolloutSpec = {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      strategy: { canary: {} },
    };
    const without: Rollout = { ...rollout(spec), spec };
    assert.deepEqual(validateRollout(without), []);
    const bad = rollout({ ...spec, template: template({ containers: [] }) });
    assert.deepEqual(
      validateRollout(bad).map(({ field }) => field),
      ['spec.template'],
    );
    assert.deepEqual(
      validateRollout(bad, { templateResolved: true }).map(({ field }) => field),
      ['spec.template.spec.containers'],
    );
  });

  it('says when a part of the template has the wrong type', () => {
    assert.deepEqual(pod({ containers: 'app' }), [
      'spec.template.spec.containers: Invalid value: "app": must be a list',
      'spec.template.spec.containers: Required value',
    ]);
    assert.deepEqual(container({ env: { A: '1' } }), [
      'spec.template.spec.containers[0].env: Invalid value: {"A":"1"}: must be a list',
    ]);
    assert.deepEqual(container({ env: [{ name: 'A', value: 1 }] }), [
      'spec.template.spec.containers[0].env[0].value: Invalid value: 1: must be a string',
    ]);
    assert.deepEqual(container({ image: 7 }), [
      'spec.template.spec.containers[0].image: Invalid value: 7: must be a string',
      'spec.template.spec.containers[0].image: Required value',
    ]);
  });

  const containerTable: [string, JsonObject, string[]][] = [
    [
      'a mount of no volume',
      { volumeMounts: [{ name: 'v', mountPath: '/x' }] },
      ['volumeMounts[0].name: Not found: "v"'],
    ],
    [
      'an unreadable amount',
      { resources: { limits: { cpu: '1x' } } },
      ['resources.limits[cpu]: Invalid value: "1x": must be a quantity such as 500m, 2 or 1Gi'],
    ],
    [
      'a request above its limit',
      { resources: { limits: { memory: '1Gi' }, requests: { memory: '2048Mi' } } },
      ['resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi'],
    ],
    ['equal request and limit', { resources: { limits: { cpu: 1 }, requests: { cpu: '1000m' } } }, []],
    [
      'two handlers',
      { livenessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } },
      ['livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    ['a named port', { readinessProbe: { httpGet: { port: 'http' }, successThreshold: 3 } }, []],
    [
      'a bad port name',
      { ports: [{ containerPort: 80, name: 'UPPER' }] },
      [
        'ports[0].name: Invalid value: "UPPER": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'ports[0].name: Invalid value: "UPPER": must contain at least one letter (a-z)',
      ],
    ],
    [
      'no source',
      { env: [{ name: 'A', valueFrom: {} }] },
      [
        'env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ],
    ],
    [
      'a secret without key',
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] },
      ['env[0].valueFrom.secretKeyRef.key: Required value'],
    ],
    [
      'a label of the pod',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] },
      [],
    ],
    ['null fields', { env: null, ports: null, resources: null, livenessProbe: null }, []],
  ];
  for (const [name, fields, want] of containerTable) {
    it(`container: ${name}`, () => {
      assert.deepEqual(
        container(fields),
        want.map((text) => `spec.template.spec.containers[0].${text}`),
      );
    });
  }

  const podTable: [string, JsonObject, string[]][] = [
    [
      'a volume with a source that needs a name',
      { volumes: [{ name: 'v', secret: {} }] },
      ['volumes[0].secret.secretName: Required value'],
    ],
    ['a volume without source is an emptyDir', { volumes: [{ name: 'v' }] }, []],
    [
      'a volume with a bad name',
      { volumes: [{ name: 'V_1', emptyDir: {} }] },
      [
        "volumes[0].name: Invalid value: \"V_1\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [
      'node affinity without terms',
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } },
      [
        'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
      ],
    ],
    [
      'a toleration for nothing',
      { tolerations: [{ value: 'x' }] },
      [
        'tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    [
      'a sidecar may have probes',
      {
        initContainers: [
          { name: 's', image: 'i', restartPolicy: 'Always', livenessProbe: { exec: { command: ['a'] } } },
        ],
      },
      [],
    ],
    [
      'a group out of range',
      { securityContext: { fsGroup: -1 } },
      ['securityContext.fsGroup: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    ],
  ];
  for (const [name, fields, want] of podTable) {
    it(`pod: ${name}`, () => {
      assert.deepEqual(
        pod(fields),
        want.map((text) => `spec.template.spec.${text}`),
      );
    });
  }
});

describe('pauseSeconds', () => {
  const table: [number | string, number][] = [
    [10, 10],
    ['10', 10],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['500ms', 0],
    ['1500ms', 1],
    ['-10', -10],
    ['1x', -1],
    ['', -1],
  ];
  for (const [duration, want] of table) {
    it(JSON.stringify(duration), () => assert.equal(pauseSeconds(duration), want));
  }
});

describe('garbage', () => {
  const names = [
    'metadata', 'name', 'spec', 'replicas', 'selector', 'matchLabels', 'matchExpressions', 'template', 'labels',
    'containers', 'env', 'valueFrom', 'resources', 'limits', 'strategy', 'canary', 'blueGreen', 'steps', 'pause',
    'duration', 'setWeight', 'trafficRouting', 'istio', 'alb', 'plugins', 'match', 'volumes', 'affinity',
    'tolerations', 'rules', 'http', 'tls', 'tcp', 'route', 'paths', 'constructor', '__proto__',
  ]; // prettier-ignore
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 8, depthSize: 'large' },
      fc.constant(null),
      fc.boolean(),
      fc.integer({ min: -5, max: 200 }),
      fc.constantFrom('', 'a', '10', '1h', '25%', 'Bad Name', '{{args.x}}'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 6 }),
    ),
  }));

  it('never throws, as a Rollout or as anything that a Rollout refers to', () => {
    fc.assert(
      fc.property(value, value, value, (spec, template, object) => {
        const decoded = decode(rolloutSchema, {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          metadata: { name: 'x', namespace: 'default' },
          spec,
        });
        const base = decoded.ok ? decoded.value : rollout({ strategy: { canary: {} } });
        const subject = { ...base, spec: { ...base.spec, template: template as JsonObject } };
        validateRollout(subject).map(formatFieldError);
        notImplemented(subject);
        const any = { a: object as JsonObject, '': object as JsonObject };
        validateReferences(
          {
            ...subject,
            spec: {
              ...subject.spec,
              strategy: {
                canary: {
                  canaryService: 'a',
                  stableService: 'a',
                  steps: [{ analysis: { templates: [{ templateName: 'a' }] } }],
                  trafficRouting: { nginx: { stableIngress: 'a' }, istio: { virtualService: { name: 'a' } } },
                },
              },
            },
          },
          { services: any, ingresses: any, analysisTemplates: any, virtualServices: { 'default/a': any.a } },
        ).map(formatFieldError);
      }),
      { numRuns: 400 },
    );
  });
});
