import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/kube/clock.ts';
import { SandboxCluster, serveHttps, type HttpsServer } from '../../src/sandbox/index.ts';
import { makeCertificates } from '../../src/sandbox/http/certificate.ts';
import { duplicateFields } from '../../src/sandbox/http/duplicates.ts';
import { targetOf } from '../../src/sandbox/http/path.ts';
import { dig, NS, replicaSet, widgetDefinition } from './support.ts';

let cluster: SandboxCluster;
let https: HttpsServer;

before(async () => {
  cluster = new SandboxCluster({ clock: systemClock, crds: [widgetDefinition], namespaces: [NS] });
  cluster.start();
  https = await serveHttps(cluster, { onError: (error) => assert.fail(error as Error) });
});

after(async () => {
  cluster.stop();
  await https.close();
});

interface Answer {
  code: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
  text: string;
}

function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${https.url}${path}`,
      {
        method,
        ca: https.ca,
        headers: { authorization: `Bearer ${https.token}`, 'content-type': 'application/json', ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          let parsed: Record<string, unknown> = {};
          try {
            parsed = JSON.parse(text) as Record<string, unknown>;
          } catch {
            // not JSON
          }
          resolve({ code: response.statusCode ?? 0, headers: response.headers, body: parsed, text });
        });
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

describe('certificates', () => {
  it('are X.509 that a verifier takes', () => {
    const now = Date.now();
    const { ca, certificate, key } = makeCertificates(
      ['localhost', '127.0.0.1', '::1', 'a.example.com'],
      now,
    );
    const [authority, serving] = [new X509Certificate(ca), new X509Certificate(certificate)];
    assert.ok(authority.ca && !serving.ca);
    assert.ok(serving.checkIssued(authority) && serving.verify(authority.publicKey));
    assert.ok(authority.verify(authority.publicKey));
    assert.equal(serving.checkHost('a.example.com'), 'a.example.com');
    assert.equal(serving.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(serving.checkIP('::1'), '::1');
    assert.equal(serving.checkHost('b.example.com'), undefined);
    assert.ok(Date.parse(serving.validTo) > now && Date.parse(serving.validFrom) < now);
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  });
});

describe('duplicate fields', () => {
  it('are found where they stand', () => {
    const table: [string, string[]][] = [
      ['{"a":1,"b":{"a":2}}', []],
      ['{"a":1,"a":2}', ['duplicate field "a"']],
      [
        '{"spec":{"x":[1,{"y":1,"y":{"z":[]}}],"x":2}}',
        ['duplicate field "spec.x[1].y"', 'duplicate field "spec.x"'],
      ],
      ['[{"a":"}\\"","a":1}]', ['duplicate field "[0].a"']],
      [' { "a" : "x,y" , "b" : [ [ ] , { } ] , "b" : true } ', ['duplicate field "b"']],
      ['{"\\u0061":1,"a":2}', ['duplicate field "a"']],
      ['5', []],
    ];
    for (const [text, found] of table) assert.deepEqual(duplicateFields(text), found, text);
  });

  it('are never seen in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) =>
        assert.deepEqual(duplicateFields(JSON.stringify(JSON.parse(text))), []),
      ),
    );
  });
});

describe('paths', () => {
  it('name resources', () => {
    const table: [string, string | undefined][] = [
      ['api/v1/pods', '/v1 pods - - -'],
      ['api/v1/namespaces/a/pods/b/log', '/v1 pods a b log'],
      ['api/v1/namespaces/a', '/v1 namespaces - a -'],
      ['api/v1/namespaces/a/status', '/v1 namespaces - a status'],
      ['apis/apps/v1/namespaces/a/replicasets/b/scale', 'apps/v1 replicasets a b scale'],
      ['apis/x/v1/things/b/status', 'x/v1 things - b status'],
      ['apis/apps/v1', undefined],
      ['api/v1/namespaces/a/pods/b/c/d', undefined],
      ['foo/bar', undefined],
    ];
    for (const [path, wanted] of table) {
      const target = targetOf(path.split('/'));
      const shown =
        target &&
        `${target.group}/${target.version} ${target.plural} ${target.namespace ?? '-'} ${target.name ?? '-'} ${target.subresource ?? '-'}`;
      assert.equal(shown, wanted, path);
    }
  });
});

describe('HTTPS', () => {
  const maps = `/api/v1/namespaces/${NS}/configmaps`;

  it('knows its users', async () => {
    const refused = await call('GET', '/api/v1/pods', undefined, { authorization: 'Bearer nope' });
    assert.deepEqual([refused.code, refused.body['reason']], [401, 'Unauthorized']);
    assert.equal((await call('GET', '/readyz', undefined, { authorization: '' })).text, 'ok');
    const who = await call(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      {},
      { 'impersonate-user': 'jo', 'impersonate-group': 'dev' },
    );
    assert.deepEqual(dig(who.body, 'status', 'userInfo'), {
      username: 'jo',
      groups: ['dev', 'system:authenticated'],
    });
  });

  it('answers with codes, kinds and warnings', async () => {
    const made = await call(
      'POST',
      `${maps}?fieldManager=me`,
      '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"},"odd":1}',
    );
    assert.equal(made.code, 201);
    assert.deepEqual(made.body['data'], { x: '2' });
    assert.deepEqual(
      [made.headers['warning']].flat().join(),
      '299 - "duplicate field \\"data.x\\"", 299 - "unknown field \\"odd\\""',
    );
    assert.equal(
      dig((made.body['metadata'] as { managedFields: object[] }).managedFields[0], 'manager'),
      'me',
    );
    const list = await call('GET', `${maps}?limit=500`);
    assert.equal(list.body['kind'], 'ConfigMapList');
    assert.equal(dig((list.body['items'] as object[])[0], 'kind'), undefined);
    const yaml = await call(
      'PATCH',
      `${maps}/yaml?fieldManager=me`,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: "yes"}\n',
      { 'content-type': 'application/apply-patch+yaml' },
    );
    assert.equal(yaml.code, 201);
    const codes: [string, string, unknown, Record<string, string>, number, RegExp][] = [
      ['GET', `${maps}/nope`, undefined, {}, 404, /configmaps "nope" not found/],
      ['GET', '/api/v1/nopes', undefined, {}, 404, /could not find the requested resource/],
      ['GET', '/nope', undefined, {}, 404, /could not find the requested resource/],
      ['POST', '/api/v1/configmaps', { metadata: { name: 'x' } }, {}, 405, /does not allow this method/],
      ['POST', maps, '{"metadata"', {}, 400, /unrecognized/],
      ['POST', maps, 'x', { 'content-type': 'text/plain' }, 415, /unknown format/],
      [
        'POST',
        maps,
        { metadata: { name: 'x', namespace: 'other' } },
        {},
        400,
        /namespace of the provided object does not match/,
      ],
      [
        'POST',
        `${maps}?dryRun=Some`,
        { metadata: { name: 'x' } },
        {},
        422,
        /CreateOptions\.meta\.k8s\.io "" is invalid: dryRun: Unsupported value: \["Some"\]: supported values: "All"/,
      ],
      [
        'POST',
        `${maps}?fieldValidation=Strict`,
        '{"metadata":{"name":"x"},"a":1}',
        {},
        400,
        /strict decoding error: unknown field "a"/,
      ],
      [
        'PATCH',
        `${maps}/a`,
        '{}',
        { 'content-type': 'application/json' },
        415,
        /accepted media types include/,
      ],
      [
        'PATCH',
        `${maps}/a`,
        '[1',
        { 'content-type': 'application/merge-patch+json' },
        400,
        /error decoding patch/,
      ],
      [
        'POST',
        maps,
        { metadata: { name: 'big' }, data: { x: 'y'.repeat(3 * 1024 * 1024) } },
        {},
        413,
        /Request entity too large: limit is 3145728/,
      ],
      [
        'GET',
        maps,
        undefined,
        { accept: 'application/vnd.kubernetes.protobuf' },
        406,
        /only the following media types/,
      ],
      ['GET', `${maps}?watch=1&resourceVersion=abc`, undefined, {}, 500, /strconv\.ParseUint/],
    ];
    for (const [method, path, body, headers, code, text] of codes) {
      const answer = await call(method, path, body, headers);
      assert.equal(answer.code, code, `${method} ${path}: ${answer.text}`);
      assert.match(String(answer.body['message']), text);
      assert.equal(answer.body['kind'], 'Status');
    }
  });

  it('prints Tables', async () => {
    const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
    await call('POST', `/apis/apps/v1/namespaces/${NS}/replicasets`, replicaSet('tbl', 0));
    const answer = await call('GET', `/apis/apps/v1/namespaces/${NS}/replicasets/tbl`, undefined, accept);
    assert.equal(answer.body['kind'], 'Table');
    const row = (answer.body['rows'] as { cells: unknown[]; object: object }[])[0];
    assert.deepEqual(row?.cells.slice(0, 4), ['tbl', 0, 0, 0]);
    assert.deepEqual(row?.cells.slice(5), ['app', 'example.com/app:v1', 'app=tbl']);
    assert.equal(dig(row?.object, 'kind'), 'PartialObjectMetadata');
    const custom = await call('GET', `/apis/example.com/v1/namespaces/${NS}/widgets`, undefined, accept);
    assert.deepEqual(
      (custom.body['columnDefinitions'] as { name: string }[]).map((column) => column.name),
      ['Name', 'Size', 'Replicas', 'Age'],
    );
  });

  it('streams watches and tells 410 inside of them', async () => {
    const { resourceVersion } = dig((await call('GET', maps)).body, 'metadata') as {
      resourceVersion: string;
    };
    await call('POST', maps, { metadata: { name: 'w1' } });
    const pending = call('GET', `${maps}?watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`);
    await call('DELETE', `${maps}/w1`);
    const lines = (await pending).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: object });
    assert.deepEqual(
      lines.map((line) => `${line.type} ${String(dig(line.object, 'metadata', 'name'))}`),
      ['ADDED w1', 'DELETED w1'],
    );
    const initial = await call(
      'GET',
      `/api/v1/namespaces?watch=1&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
    );
    const last = JSON.parse(initial.text.trim().split('\n').at(-1) as string) as object;
    assert.equal(dig(last, 'object', 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true');
    cluster.server.compact();
    const old = JSON.parse((await call('GET', `${maps}?watch=1&resourceVersion=1`)).text) as object;
    assert.deepEqual(
      [dig(old, 'type'), dig(old, 'object', 'code'), dig(old, 'object', 'reason')],
      ['ERROR', 410, 'Expired'],
    );
  });

  it('describes itself', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const groups = await call('GET', '/apis', undefined, { accept });
    assert.equal(groups.body['kind'], 'APIGroupDiscoveryList');
    assert.ok(
      (groups.body['items'] as object[]).some((item) => dig(item, 'metadata', 'name') === 'example.com'),
    );
    assert.equal((await call('GET', '/apis')).body['kind'], 'APIGroupList');
    assert.equal((await call('GET', '/apis/example.com/v1')).body['kind'], 'APIResourceList');
    const index = (await call('GET', '/openapi/v3')).body['paths'] as Record<
      string,
      { serverRelativeURL: string }
    >;
    const document = await call('GET', index['apis/example.com/v1']?.serverRelativeURL as string);
    assert.ok(dig(document.body, 'components', 'schemas', 'com.example.v1.Widget', 'properties', 'spec'));
    const patch = dig(
      document.body,
      'paths',
      '/apis/example.com/v1/namespaces/{namespace}/widgets/{name}',
      'patch',
      'requestBody',
      'content',
    );
    assert.ok(!Object.keys(patch as object).includes('application/strategic-merge-patch+json'));
  });
});

const hasKubectl = await new Promise<boolean>((resolve) =>
  execFile('kubectl', ['version', '--client'], (error) => resolve(error === null)),
);

describe('kubectl', { skip: hasKubectl ? false : 'kubectl is not on the PATH' }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-kubectl-'));
    writeFileSync(join(folder, 'config'), https.kubeconfig(NS));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    KUBECONFIG: join(folder, 'config'),
    HOME: folder,
  });

  function kubectl(args: string, input?: string): Promise<{ code: number; out: string }> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        args.split(' '),
        { env: environment(), timeout: 30_000 },
        (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), out: stdout + stderr }),
      );
      child.stdin?.end(input);
    });
  }

  const manifest = (replicas: number, size: string): string => `
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "example.com/app:v1", ports: [{containerPort: 80}]}]}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: ${size}}
`;

  it('applies, diffs, scales, waits, watches and deletes', async () => {
    const says = async (args: string, text: RegExp, input?: string, code = 0): Promise<void> => {
      const answer = await kubectl(args, input);
      assert.match(answer.out, text, args);
      assert.equal(answer.code, code, `${args}: ${answer.out}`);
    };
    await says(
      'apply -f -',
      /replicaset\.apps\/web created\nwidget\.example\.com\/w created\n/,
      manifest(1, 'a'),
    );
    await says(
      'apply -f -',
      /replicaset\.apps\/web unchanged\nwidget\.example\.com\/w unchanged\n/,
      manifest(1, 'a'),
    );
    await says('diff -f -', /-  replicas: 1\n\+  replicas: 2\n/, manifest(2, 'a'), 1);
    await says(
      'apply -f -',
      /replicaset\.apps\/web configured\nwidget\.example\.com\/w configured\n/,
      manifest(2, 'b'),
    );
    await says(
      'apply --server-side --field-manager=other -f -',
      /Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps\/v1: \.spec\.replicas/,
      manifest(1, 'b'),
      1,
    );
    await says(
      'apply --server-side --force-conflicts -f -',
      /replicaset\.apps\/web serverside-applied/,
      manifest(1, 'b'),
    );
    await says('wait --for=jsonpath={.status.readyReplicas}=1 rs/web --timeout=10s', /condition met/);
    await says('scale rs/web --replicas=0', /replicaset\.apps\/web scaled/);
    await says('scale wd/w --replicas=4', /widget\.example\.com\/w scaled/);
    await says('annotate wd/w a=b', /annotated/);
    await says('label rs/web x=y', /labeled/);
    await says('patch wd/w --type merge -p {"spec":{"size":"a"}}', /patched/);
    await says(
      'patch wd/w --type merge -p {"spec":{"size":"z"}}',
      /The Widget "w" is invalid: spec\.size: Unsupported value: "z": supported values: "a", "b"/,
      undefined,
      1,
    );
    await says('get wd', /NAME +SIZE +REPLICAS +AGE\nw +a +4 +\d+s\n/);
    await says('get rs -o wide', /NAME +DESIRED +CURRENT +READY +AGE +CONTAINERS +IMAGES +SELECTOR\n/);
    await says('describe rs web', /Selector: +app=web\n[\s\S]*SuccessfulCreate/);
    await says('describe wd w', /Kind: +Widget\n/);
    await says('events', /SuccessfulCreate +ReplicaSet\/web/);
    await says('explain wd.spec.size', /FIELD: size <string>/);
    await says('auth can-i delete pods', /^yes/);
    await says('auth whoami', /Username +admin/);
    await says('create configmap c --from-literal=a=b --dry-run=server -o yaml', /kind: ConfigMap/);
    await says(
      'apply -f -',
      /unknown field "spec\.zoo"/,
      manifest(1, 'a').replace('size: a', 'size: a, zoo: 1'),
      1,
    );
    await says(
      'delete -f -',
      /replicaset\.apps "web" deleted[\s\S]*widget\.example\.com "w" deleted/,
      manifest(1, 'a'),
    );
    await says('get wd', /No resources found in shop namespace/);
  });

  it('watches, and is told that there are no logs', async () => {
    await kubectl('create configmap seen --from-literal=a=b');
    const child = spawn('kubectl', ['get', 'cm', 'seen', '-w', '--output-watch-events'], {
      env: environment(),
    });
    let out = '';
    const modified = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        // A line may come in pieces.
        if (/MODIFIED +seen/.test(out)) resolve();
        else if (/ADDED +seen/.test(out) && !out.includes('MODIFIED')) void kubectl('label cm seen x=y');
      });
      child.on('exit', () => resolve());
    });
    await modified;
    child.kill();
    assert.match(out, /ADDED +seen[\s\S]*MODIFIED +seen/);
    // kubectl's own generators speak protobuf.
    await kubectl('create deployment made --image=example.com/app:v1 --port=80 --replicas=3');
    const made = (await call('GET', `/apis/apps/v1/namespaces/${NS}/deployments/made`)).body;
    assert.equal(dig(made, 'spec', 'replicas'), 3);
    const [container] = dig(made, 'spec', 'template', 'spec', 'containers') as object[];
    assert.deepEqual(dig(container, 'ports'), [{ containerPort: 80, protocol: 'TCP' }]);
    await kubectl('run solo --image=example.com/app:v1');
    const logs = await kubectl('logs solo');
    assert.match(logs.out, /the sandbox does not implement pods\/log/);
    assert.notEqual(logs.code, 0);
  });
});
