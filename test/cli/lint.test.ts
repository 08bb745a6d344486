import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bench } from './harness.ts';

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: x}]}}
  strategy:
    canary:
      stableService: stable
      canaryService: canary
      trafficRouting: {nginx: {stableIngress: web}}
`;
const service = (name: string, app: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: ${app}}, ports: [{port: 80}]}\n`;
const ingress = (backend: string): string => `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${backend}, port: {number: 80}}}}]}
`;

const lint = (text: string, line = 'lint -f f.yaml'): ReturnType<Bench['run']> =>
  new Bench().run(line, { files: { 'f.yaml': text, '-': text } });

const unknown = (field: string): string =>
  `Error: error unmarshaling JSON: while decoding JSON: json: unknown field "${field}"\n`;

describe('lint', () => {
  it('says nothing where all is well, and asks no cluster', async () => {
    const text = ROLLOUT + service('stable', 'web') + service('canary', 'web') + ingress('stable');
    assert.deepEqual(await lint(text), { code: 0, out: '', err: '' });
    assert.deepEqual(
      await lint(ROLLOUT, 'lint -f -'),
      { code: 0, out: '', err: '' },
      'what is absent is not missed',
    );
    const bench = new Bench();
    await bench.run('lint -f f.yaml', { files: { 'f.yaml': text } });
    assert.deepEqual(bench.flags, []);
  });

  const rows: [string, string, string, string][] = [
    [
      'both limits of a canary at zero',
      ROLLOUT.replace('canary:\n', 'canary:\n      maxSurge: 0\n      maxUnavailable: 0\n'),
      'Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero\n',
      'Error: spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero\n',
    ],
    [
      'no selector',
      ROLLOUT.replace('  selector: {matchLabels: {app: web}}\n', ''),
      "Required value: Rollout has missing field '.spec.selector'\n" +
        'Invalid value: {"app":"web"}: `selector` does not match template `labels`\n',
      "Error: spec.selector: Required value: Rollout has missing field '.spec.selector'\n",
    ],
    [
      'a service that selects other pods',
      ROLLOUT + service('canary', 'other'),
      'Invalid value: "canary": Service "canary" has unmatch label "app" in rollout\n',
      'Error: spec.strategy.canary.canaryService: Invalid value: "canary": Service "canary" has unmatch label "app" in rollout\n',
    ],
  ];
  for (const [what, text, out, err] of rows) {
    it(`finds ${what}`, async () => assert.deepEqual(await lint(text), { code: 1, out, err }));
  }

  it('finds an ingress that does not lead to the stable service', async () => {
    const { code, err } = await lint(ROLLOUT + ingress('elsewhere'));
    assert.equal(code, 1);
    assert.match(
      err,
      /^Error: spec\.strategy\.canary\.trafficRouting\.nginx\.stableIngress: Invalid value: "web"/,
    );
  });

  it('lists every error, and fails with the first', async () => {
    const text =
      ROLLOUT.replace('spec:\n  selector: {matchLabels: {app: web}}', 'spec:\n  replicas: -1') +
      service('stable', 'x');
    const { out, err } = await lint(text);
    assert.ok(out.trimEnd().split('\n').length >= 3, out);
    assert.match(err, /^Error: spec\.replicas: Invalid value: -1: must be greater than or equal to 0\n$/);
    const data = JSON.parse((await lint(text, 'lint -f f.yaml -o json')).out) as {
      field: string;
      message: string;
    }[];
    assert.equal(data[0]?.field, 'spec.replicas');
  });

  it('knows the fields of what it reads', async () => {
    const rows: [string, string][] = [
      [ROLLOUT.replace('canaryService', 'canaryServce'), 'canaryServce'],
      [ROLLOUT + service('stable', 'web').replace('selector', 'selecter'), 'selecter'],
      [ROLLOUT + ingress('stable').replace('pathType', 'pathTyp'), 'pathTyp'],
      [ROLLOUT + ingress('stable').replace('number: 80', 'numbr: 80'), 'numbr'],
    ];
    for (const [text, field] of rows) {
      const { code, out, err } = await lint(text);
      assert.deepEqual([code, out], [1, '']);
      assert.ok(err.startsWith(unknown(field)), err);
      assert.match(err, /Hint: it stands at .*did you mean/);
    }
    const others = `${ROLLOUT}---\napiVersion: v1\nkind: ConfigMap\nnonsense: 1\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nnonsense: 1\n`;
    assert.equal((await lint(others)).code, 0, 'other kinds are not looked into');
  });

  it('tells of values of the wrong type, of broken YAML and of a missing file', async () => {
    assert.match(
      (await lint(ROLLOUT.replace('spec:\n', 'spec:\n  replicas: many\n'))).err,
      /^Error: error unmarshaling JSON: while decoding JSON: spec\.replicas: .*\(Rollout "web"\)\n$/,
    );
    assert.match((await lint('a: [')).err, /^Error: f\.yaml: line 1/);
    assert.match(
      (await lint(ROLLOUT, 'lint -f nowhere.yaml')).err,
      /^Error: nowhere\.yaml can't be read: ENOENT/,
    );
    assert.match((await lint(ROLLOUT, 'lint')).err, /^Error: there is nothing to check: give -f FILE\n/);
  });
});
