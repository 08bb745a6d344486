import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDerivative } from '../../src/cli/commands/derivative.ts';
import { DEPLOYMENT, ROLLOUT } from '../../src/kube/kinds.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { Bench, podTemplate, replicaSet, rollout } from './harness.ts';

const CANARY = { canary: {} };

const deployment = (name: string): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'web' } }, template: podTemplate('example.com/web:v2') },
});

const imagesOf = (object: JsonObject): string[] => {
  const spec = (object['spec'] as { template: { spec: { containers: { image: string }[] } } }).template.spec;
  return spec.containers.map(({ image }) => image);
};

async function history(bench: Bench): Promise<KubeObject> {
  const [web] = (await bench.put(rollout('web', CANARY))) as [KubeObject];
  await bench.put(
    replicaSet(web, 'aaa', { revision: '1', image: 'example.com/web:v0' }),
    replicaSet(web, 'bbb', { revision: '2', image: 'example.com/web:v1' }),
    replicaSet(web, 'ccc', { revision: '10', image: 'example.com/web:v2' }),
    replicaSet(web, 'odd', { revision: 'x', image: 'example.com/web:odd' }),
    replicaSet({ ...web, metadata: { ...web.metadata, uid: 'someone-else' } }, 'ddd', {
      revision: '9',
      image: 'example.com/web:other',
    }),
  );
  return web;
}

const patchOf = (image: string): string =>
  `PATCH rollouts/web json [{"op":"replace","path":"/spec/template","value":${JSON.stringify(podTemplate(image))}}]`;

const TEMPLATE = (kind: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ${kind}
metadata: {name: rate}
spec:
  args: [{name: service}, {name: limit, value: "5"}]
  metrics: []
`;

describe('set image', () => {
  it('reads the whole object and puts it back with the new image', async () => {
    const bench = new Bench();
    await bench.put(rollout('web', CANARY));
    const { code, out } = await bench.run('set image web app=example.com/web:v3');
    assert.deepEqual([code, out], [0, 'rollout "web" image updated\n']);
    assert.deepEqual(bench.requests, ['GET rollouts/web', 'PUT rollouts/web']);
    assert.deepEqual(imagesOf(await bench.get(ROLLOUT, 'web')), ['example.com/web:v3']);
  });

  it('sets init containers too, and all of them for *', async () => {
    const template = podTemplate('old');
    const spec = template['spec'] as JsonObject;
    spec['initContainers'] = [{ name: 'init', image: 'old' }];
    spec['containers'] = [
      { name: 'app', image: 'old' },
      { name: 'proxy', image: 'old' },
    ];
    const bench = new Bench();
    await bench.put(rollout('web', CANARY, {}, { template }));
    await bench.run('set image web init=new');
    await bench.run(['set', 'image', 'web', '*=newer']);
    const after = await bench.get(ROLLOUT, 'web');
    assert.deepEqual(imagesOf(after), ['newer', 'newer']);
    const { initContainers } = (
      after['spec'] as { template: { spec: { initContainers: { image: string }[] } } }
    ).template.spec;
    assert.equal(initContainers[0]?.image, 'newer');
  });

  it('changes the workload that the rollout refers to', async () => {
    const bench = new Bench();
    await bench.put(
      rollout('web', CANARY, {}, { template: null, workloadRef: { kind: 'Deployment', name: 'backend' } }),
      deployment('backend'),
    );
    const { out } = await bench.run('set image web app=v3');
    assert.equal(out, 'deployment "backend" image updated\n');
    assert.deepEqual(bench.requests, [
      'GET rollouts/web',
      'GET deployments/backend',
      'PUT deployments/backend',
    ]);
    assert.deepEqual(imagesOf(await bench.get(DEPLOYMENT, 'backend')), ['v3']);
  });

  it('reads again when somebody else has written, five times at most', async () => {
    const bench = new Bench();
    await bench.put(rollout('web', CANARY));
    let conflicts = 2;
    bench.before = async (request) => {
      if (!request.startsWith('PUT') || conflicts === 0) return;
      conflicts -= 1;
      await bench.api.patch(
        ROLLOUT,
        { namespace: 'shop', name: 'web' },
        { type: 'merge', body: { metadata: { labels: { n: String(conflicts) } } } },
      );
    };
    assert.equal((await bench.run('set image web app=v3')).code, 0);
    assert.equal(bench.requests.filter((request) => request.startsWith('PUT')).length, 3);
    conflicts = 100;
    const { code, err } = await bench.run('set image web app=v4');
    assert.equal(code, 1);
    assert.match(err, /^Error: Operation cannot be fulfilled/);
    assert.equal(bench.requests.filter((request) => request.startsWith('PUT')).length, 8);
  });

  it('refuses what is no image change', async () => {
    const bench = new Bench();
    await bench.put(rollout('web', CANARY));
    assert.match(
      (await bench.run('set image web nothere=v3')).err,
      /^Error: unable to find container named "nothere"\n/,
    );
    for (const text of ['app', 'app=', '=v3', 'a=b=c'])
      assert.match(
        (await bench.run(['set', 'image', 'web', text])).err,
        /is no image change: write CONTAINER=IMAGE/,
      );
  });
});

describe('undo', () => {
  it('goes back to the revision before, by number and without the hash label', async () => {
    const bench = new Bench();
    await history(bench);
    assert.deepEqual(await bench.run('undo web'), { code: 0, out: "rollout 'web' undo\n", err: '' });
    const [first, second, patch = ''] = bench.requests;
    assert.deepEqual([first, second], ['GET rollouts/web', 'LIST replicasets?app=web']);
    const value = (JSON.parse(patch.slice(patch.indexOf('['))) as { value: JsonObject }[])[0]?.value;
    assert.deepEqual((value?.['metadata'] as JsonObject | undefined)?.['labels'], { app: 'web' });
    assert.match(patch, /^PATCH rollouts\/web json \[\{"op":"replace","path":"\/spec\/template",/);
    assert.match(patch, /web:v1/);
  });

  it('goes back to a given revision', async () => {
    const bench = new Bench();
    await history(bench);
    await bench.run('undo web --to-revision=1');
    assert.match(bench.requests[2] ?? '', /web:v0/);
    assert.match(
      (await bench.run('undo web --to-revision 7')).err,
      /^Error: unable to find specified revision 7 in history\n/,
    );
  });

  it('writes nothing when the template is there already', async () => {
    const bench = new Bench();
    await history(bench);
    assert.deepEqual(await bench.run('undo web --to-revision=10'), {
      code: 0,
      out: 'skipped rollback (current template already matches revision 10)',
      err: '',
    });
    assert.equal(bench.requests.length, 2);
  });

  it('needs a history', async () => {
    const bench = new Bench();
    const [web] = (await bench.put(rollout('web', CANARY))) as [KubeObject];
    assert.match((await bench.run('undo web')).err, /^Error: no revision found for rollout "web"\n/);
    await bench.put(replicaSet(web, 'aaa', { revision: '1' }));
    assert.match((await bench.run('undo web')).err, /^Error: no revision found for rollout "web"\n/);
  });

  it('changes the workload that the rollout refers to, whatever selector that has', async () => {
    const bench = new Bench();
    const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'backend' };
    const spec = { template: null, selector: null, workloadRef };
    const [web] = (await bench.put(rollout('web', CANARY, {}, spec), deployment('backend'))) as [KubeObject];
    await bench.put(replicaSet(web, 'aaa', { revision: '1' }), replicaSet(web, 'bbb', { revision: '2' }));
    assert.equal((await bench.run('undo web')).code, 0);
    assert.equal(bench.requests[1], 'LIST replicasets');
    assert.match(bench.requests[2] ?? '', /^PATCH deployments\/backend json/);
    await bench.api.patch(
      ROLLOUT,
      { namespace: 'shop', name: 'web' },
      { type: 'merge', body: { spec: { workloadRef: { kind: 'StatefulSet' } } } },
    );
    assert.match(
      (await bench.run('undo web')).err,
      /^Error: workload of type StatefulSet is not supported\n/,
    );
  });

  it('says what it was about when the server says no', async () => {
    const bench = new Bench();
    await history(bench);
    bench.before = (request) => {
      if (request.startsWith('PATCH')) throw new Error('no');
    };
    assert.match((await bench.run('undo web')).err, /^Error: failed restoring revision 0: no\n/);
    bench.before = (request) => {
      if (request.startsWith('LIST')) throw new Error('no');
    };
    assert.match(
      (await bench.run('undo web')).err,
      /^Error: failed to retrieve replica sets from rollout web: no\n/,
    );
  });

  it('sends exactly the template of the revision', async () => {
    const bench = new Bench();
    await history(bench);
    await bench.run('undo web');
    const stored = patchOf('example.com/web:v1');
    // The server has filled in defaults; without them it is the template as it was created.
    assert.ok((bench.requests[2] ?? '').startsWith(stored.slice(0, stored.indexOf('"spec"'))));
  });

  it('compares templates by what the rollout says', () => {
    const full = { a: 1, b: { c: [{ n: 'x', y: 2 }, { n: 'z' }] }, limits: { cpu: '1' } };
    const rows: [unknown, boolean][] = [
      [{}, true],
      [{ a: 1 }, true],
      [{ a: 2 }, false],
      [{ b: { c: [{ n: 'x' }] } }, true],
      [{ b: { c: [{ n: 'x' }, { n: 'z' }, { n: 'q' }] } }, false],
      [{ b: { c: [] }, d: '', e: null, f: {} }, true],
      [{ d: { e: '' } }, true],
      [{ d: { e: 'x' } }, false],
      [{ limits: { cpu: '1000m' } }, true],
      [{ limits: { cpu: '900m' } }, false],
      [{ a: '1' }, false],
      [{ limits: { cpu: 'nonsense' } }, false],
    ];
    for (const [wanted, expected] of rows)
      assert.equal(isDerivative(wanted, full), expected, JSON.stringify(wanted));
  });
});

describe('create', () => {
  const ROLLOUT_YAML = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: made}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: x}]}}
  strategy: {canary: {}}
`;

  it('posts what a file holds, to the namespace that it names', async () => {
    const bench = new Bench();
    const files = {
      'a.yaml': ROLLOUT_YAML,
      'b.json': `\n{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisTemplate","metadata":{"name":"t","namespace":"other"},"spec":{"metrics":[]}}`,
    };
    const { code, out } = await bench.run('create -f a.yaml -f b.json', { files });
    assert.equal(code, 0);
    assert.equal(out, 'rollout.argoproj.io/made created\nanalysistemplate.argoproj.io/t created\n');
    assert.match(bench.requests[0] ?? '', /"metadata":\{"name":"made","namespace":"shop"\}/);
    assert.match(bench.requests[1] ?? '', /"namespace":"other"/);
  });

  it('creates cluster-scoped templates at their own path', async () => {
    const bench = new Bench();
    const { out } = await bench.run('create -f c.yaml', {
      files: { 'c.yaml': TEMPLATE('ClusterAnalysisTemplate') },
    });
    assert.equal(out, 'clusteranalysistemplate.argoproj.io/rate created\n');
    assert.doesNotMatch(bench.requests[0] ?? '', /namespace/);
  });

  const wrong: [string, string, RegExp][] = [
    [
      'a typing error',
      ROLLOUT_YAML.replace('strategy:', 'stratgy:'),
      /^Error: error unmarshaling JSON: while decoding JSON: json: unknown field "stratgy"\nHint: it stands at spec\.stratgy of Rollout "made" in f\.yaml; did you mean "strategy"\?\n$/,
    ],
    [
      'a typing error in the pod template',
      ROLLOUT_YAML.replace('image: x', 'imag: x'),
      /unknown field "imag"\nHint: it stands at spec\.template\.spec\.containers\[0\]\.imag/,
    ],
    [
      'a typing error in metadata',
      ROLLOUT_YAML.replace('name: made', 'name: made, label: {}'),
      /unknown field "label"/,
    ],
    [
      'a key that is there twice',
      ROLLOUT_YAML.replace('kind: Rollout', 'kind: Rollout\nkind: Rollout'),
      /^Error: f\.yaml: line 3, column 1: .*kind/,
    ],
    ['another kind', 'apiVersion: v1\nkind: Pod\n', /^Error: creates of \/Pod unsupported\n/],
    [
      'another kind of the group',
      ROLLOUT_YAML.replace('kind: Rollout', 'kind: Rollercoaster'),
      /creates of argoproj\.io\/Rollercoaster unsupported/,
    ],
    ['two documents', `${ROLLOUT_YAML}---\n${ROLLOUT_YAML}`, /f\.yaml has 2 documents/],
    ['nothing', '# empty\n', /^Error: f\.yaml is empty\n/],
    ['no object', '- a\n', /document 1 is no object/],
    ['no YAML', 'a: [\n', /^Error: f\.yaml: line 2, column 1/],
  ];
  for (const [what, text, error] of wrong) {
    it(`refuses ${what}`, async () => {
      const bench = new Bench();
      const { code, err } = await bench.run('create -f f.yaml', { files: { 'f.yaml': text } });
      assert.equal(code, 1);
      assert.match(err, error);
      assert.deepEqual(bench.requests, []);
    });
  }

  it('watches only one object, and only of a kind that has a tree', async () => {
    const bench = new Bench();
    const files = { 'a.yaml': ROLLOUT_YAML, 't.yaml': TEMPLATE('AnalysisTemplate') };
    assert.match(
      (await bench.run('create -w -f a.yaml -f t.yaml', { files })).err,
      /^Error: Cannot watch multiple resources\n/,
    );
    assert.match(
      (await bench.run('create -w -f t.yaml', { files })).err,
      /^Error: Can only watch resources of type Rollout or Experiment\n/,
    );
    assert.match(
      (await bench.run('create -f missing.yaml')).err,
      /^Error: missing\.yaml can't be read: ENOENT/,
    );
    assert.match(
      (await bench.run('create')).err,
      /^Error: there is nothing to create: give -f FILE\n\nUsage:/,
    );
    assert.deepEqual(bench.requests, []);
  });

  it('starts an analysis run from a template', async () => {
    const bench = new Bench();
    await bench.put({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'rate', labels: { team: 'a' } },
      spec: { args: [{ name: 'service' }, { name: 'limit', value: '5' }], metrics: [] },
    });
    const { code, out } = await bench.run('create analysisrun --from rate -a service=a=b --instance-id blue');
    assert.equal(code, 0);
    assert.match(out, /^analysisrun\.argoproj\.io\/rate-[a-z0-9]+ created\n$/);
    const body = JSON.parse((bench.requests[1] ?? '').slice('POST analysisruns '.length)) as KubeObject;
    assert.equal(body.kind, 'AnalysisRun');
    assert.deepEqual(body.metadata.labels, { 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' });
    assert.deepEqual(
      [
        body.metadata.name,
        body.metadata.generateName,
        body.metadata.namespace,
        body.metadata.resourceVersion,
      ],
      [undefined, 'rate-', 'shop', undefined],
    );
    assert.deepEqual((body['spec'] as JsonObject)['args'], [
      { name: 'service', value: 'a=b' },
      { name: 'limit', value: '5' },
    ]);
  });

  it('starts one from a file, under a given name', async () => {
    const bench = new Bench();
    const files = { 't.yaml': TEMPLATE('ClusterAnalysisTemplate') };
    const { out } = await bench.run('create ar --from-file t.yaml --name trial -a service=web -a limit=7', {
      files,
    });
    assert.equal(out, 'analysisrun.argoproj.io/trial created\n');
  });

  it('says what a run lacks', async () => {
    const bench = new Bench();
    const files = {
      't.yaml': TEMPLATE('AnalysisTemplate'),
      'anon.yaml': TEMPLATE('AnalysisTemplate').replace('metadata: {name: rate}', 'metadata: {}'),
    };
    const rows: [string, RegExp][] = [
      ['create ar', /^Error: one of --from or --from-file must be specified\n/],
      ['create ar --from a --from-file t.yaml', /^Error: one of --from or --from-file must be specified\n/],
      ['create ar --from-file t.yaml', /^Error: args\.service was not resolved\nHint: give it a value/],
      ['create ar --from-file t.yaml -a service', /^Error: arguments must be in the form NAME=VALUE\n/],
      ['create ar --from-file anon.yaml -a service=x', /^Error: name is invalid\n/],
      [
        'create ar --from nobody -a service=x',
        /^Error: analysistemplates\.argoproj\.io "nobody" not found\n/,
      ],
    ];
    for (const [line, error] of rows) assert.match((await bench.run(line, { files })).err, error, line);
  });
});
