import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { proxyFromEnvironment } from '../../src/kube/http/proxy.ts';
import { type ConnectionFlags, loadConnection } from '../../src/kube/kubeconfig.ts';
import { FakeClock } from './fake-clock.ts';

const home = mkdtempSync(join(tmpdir(), 'sluice-kubeconfig-'));
after(() => rmSync(home, { recursive: true, force: true }));

let files = 0;
function file(text: string, name = `config-${(files += 1)}`): string {
  const path = join(home, name);
  writeFileSync(path, text);
  return path;
}

const load = (
  flags: ConnectionFlags = {},
  env: Record<string, string> = {},
  more: { clock?: FakeClock; serviceAccountDirectory?: string } = {},
): ReturnType<typeof loadConnection> =>
  loadConnection(flags, { env: { HOME: join(home, 'nobody'), ...env }, ...more });

const PLAIN = `
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: { cluster: c1, user: u1, namespace: team }
- name: two
  context: { cluster: c2, user: u2 }
clusters:
- name: c1
  cluster:
    server: https://one.example:6443
    certificate-authority-data: ${Buffer.from('CA ONE').toString('base64')}
    tls-server-name: kubernetes
    proxy-url: http://proxy.example:3128
- name: c2
  cluster: { server: 'http://two.example/prefix', insecure-skip-tls-verify: true }
users:
- name: u1
  user: { token: secret-one }
- name: u2
  user: { username: admin, password: hunter2, as: jane, as-groups: [devs] }
`;

describe('loading a connection', () => {
  it('takes server, namespace, TLS and token from the current context', async () => {
    const connection = await load({ kubeconfig: file(PLAIN) });
    assert.equal(connection.server.href, 'https://one.example:6443/');
    assert.equal(connection.namespace, 'team');
    assert.equal(connection.context, 'one');
    assert.equal(connection.tlsServerName, 'kubernetes');
    assert.equal(connection.proxyUrl, 'http://proxy.example:3128');
    const credentials = await connection.credentials.current();
    assert.equal(credentials.tls.ca, 'CA ONE');
    assert.equal(credentials.authorization, 'Bearer secret-one');
  });

  it('obeys --context, and impersonates and logs in as the user says', async () => {
    const connection = await load({ kubeconfig: file(PLAIN), context: 'two' });
    assert.equal(connection.server.pathname, '/prefix');
    assert.equal(connection.namespace, 'default');
    assert.equal(connection.namespaceGiven, false);
    assert.equal(connection.insecureSkipTlsVerify, true);
    assert.equal(connection.impersonate?.user, 'jane');
    assert.deepEqual(connection.impersonate.groups, ['devs']);
    assert.equal((await connection.credentials.current()).authorization, 'Basic YWRtaW46aHVudGVyMg==');
  });

  it('lets flags override', async () => {
    const kubeconfig = file(PLAIN);
    const ca = file('CA FILE');
    const connection = await load({
      kubeconfig,
      context: 'two',
      cluster: 'c1',
      user: 'u2',
      namespace: 'other',
      server: 'three.example:7443',
      token: 'flag-token',
      certificateAuthority: ca,
      as: 'root',
      asGroups: ['wheel'],
      requestTimeoutMs: 5_000,
    });
    assert.equal(connection.server.href, 'https://three.example:7443/');
    assert.equal(connection.namespace, 'other');
    assert.equal(connection.impersonate?.user, 'root');
    assert.deepEqual(connection.impersonate.groups, ['wheel']);
    assert.equal(connection.requestTimeoutMs, 5_000);
    const credentials = await connection.credentials.current();
    assert.equal(credentials.authorization, 'Bearer flag-token');
    assert.equal(credentials.tls.ca, 'CA FILE');
    const client = await load({
      kubeconfig,
      as: 'root',
      asUid: 'u-1',
      clientCertificate: file('CERTIFICATE'),
      clientKey: file('KEY'),
    });
    assert.deepEqual(client.impersonate, { user: 'root', groups: undefined, uid: 'u-1' });
    const { tls } = await client.credentials.current();
    assert.deepEqual([tls.cert, tls.key], ['CERTIFICATE', 'KEY']);
    const insecure = await load({ kubeconfig, insecureSkipTlsVerify: true });
    assert.equal((await insecure.credentials.current()).tls.ca, undefined);
  });

  it('merges the files of KUBECONFIG: the first that says something counts, missing ones are skipped', async () => {
    const first = file('clusters:\n- name: c1\n  cluster: { server: "https://first.example" }\n');
    const connection = await load({}, { KUBECONFIG: [join(home, 'missing'), first, file(PLAIN)].join(':') });
    assert.equal(connection.server.hostname, 'first.example');
    assert.equal((await connection.credentials.current()).authorization, 'Bearer secret-one');
  });

  it('finds ~/.kube/config', async () => {
    mkdirSync(join(home, 'me', '.kube'), { recursive: true });
    writeFileSync(join(home, 'me', '.kube', 'config'), PLAIN);
    assert.equal((await load({}, { HOME: join(home, 'me') })).context, 'one');
  });

  it('reads paths relative to the file that holds them', async () => {
    mkdirSync(join(home, 'deep'), { recursive: true });
    file('CERT', 'deep/tls.crt');
    file('KEY', 'deep/tls.key');
    const kubeconfig = file(
      `current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'https://h' } }]
users: [{ name: u, user: { client-certificate: tls.crt, client-key: ./tls.key } }]
`,
      'deep/config',
    );
    const { tls } = await (await load({ kubeconfig })).credentials.current();
    assert.deepEqual([tls.cert, tls.key], ['CERT', 'KEY']);
  });

  it('uses the files of the ServiceAccount in a pod', async () => {
    const directory = join(home, 'sa');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'token'), 'pod-token\n');
    writeFileSync(join(directory, 'ca.crt'), 'POD CA');
    writeFileSync(join(directory, 'namespace'), 'pods');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const connection = await load({}, env, { serviceAccountDirectory: directory });
    assert.equal(connection.server.href, 'https://[fd00::1]/');
    assert.equal(connection.inCluster, true);
    assert.equal(connection.namespace, 'pods');
    assert.equal((await connection.credentials.current()).authorization, 'Bearer pod-token');
  });

  it('says in one sentence what is wrong', async () => {
    const cases: [ConnectionFlags, RegExp][] = [
      [{}, /there is no cluster to talk to: give --kubeconfig/],
      [{ kubeconfig: join(home, 'absent') }, /absent does not exist/],
      [
        { kubeconfig: file(PLAIN), context: 'three' },
        /context "three" does not exist in .*; it has one, two/,
      ],
      [{ kubeconfig: file(PLAIN), user: 'u9' }, /user "u9" does not exist/],
      [{ kubeconfig: file('clusters: [') }, /config-\d+.*/],
      [{ kubeconfig: file('clusters: {}') }, /clusters is not a list/],
      [{ kubeconfig: file('clusters: [{}]') }, /an item of clusters has no name/],
      [{ kubeconfig: file('apiVersion: v1') }, /names no server/],
      [{ kubeconfig: file(PLAIN), server: 'ftp://x' }, /neither https nor http/],
      [{ kubeconfig: file(PLAIN), asGroups: ['g'] }, /--as-group needs --as/],
      [{ kubeconfig: file(PLAIN), asUid: 'u-1' }, /--as-uid needs --as/],
    ];
    for (const [flags, message] of cases) {
      await assert.rejects(load(flags), { name: 'KubeconfigError', message }, String(message));
    }
  });
});

const withToken = (path: string): string =>
  file(`current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'https://h', certificate-authority: ${join(home, 'rotating-ca')} } }]
users: [{ name: u, user: { tokenFile: ${path} } }]
`);

describe('credentials', () => {
  it('are read again after a minute, or at once after a 401, and survive a file that is being replaced', async () => {
    const clock = new FakeClock();
    const token = file('one', 'rotating-token');
    file('CA 1', 'rotating-ca');
    const { credentials } = await load({ kubeconfig: withToken(token) }, {}, { clock });
    const first = await credentials.current();
    writeFileSync(token, 'two');
    writeFileSync(join(home, 'rotating-ca'), 'CA 2');
    await clock.advance(59_000);
    assert.equal((await credentials.current()).authorization, 'Bearer one');
    await clock.advance(2_000);
    const second = await credentials.current();
    assert.equal(second.authorization, 'Bearer two');
    assert.notEqual(second.revision, first.revision);
    writeFileSync(token, 'three');
    await clock.advance(2_000);
    credentials.invalidate();
    assert.equal((await credentials.current()).authorization, 'Bearer three');
    rmSync(token);
    await clock.advance(61_000);
    assert.equal((await credentials.current()).authorization, 'Bearer three');
  });

  it('name the file that can not be read', async () => {
    file('CA 1', 'rotating-ca');
    const { credentials } = await load({ kubeconfig: withToken(join(home, 'no-token')) });
    await assert.rejects(credentials.current(), /the token file .*no-token can't be read/);
  });

  it('come from an exec plug-in, once, and again after a 401', async () => {
    const script = file(
      '#!/bin/sh\necho x >> "$COUNT"\n' +
        `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-exec"}}'\n`,
      'plugin.sh',
    );
    chmodSync(script, 0o755);
    const count = file('', 'count');
    const kubeconfig = file(`current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'https://h' } }]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./plugin.sh
      env: [{ name: COUNT, value: ${count} }]
`);
    const { credentials } = await load({ kubeconfig });
    const runs = async (): Promise<number> =>
      (await import('node:fs')).readFileSync(count, 'utf8').split('x').length - 1;
    assert.equal((await credentials.current()).authorization, 'Bearer from-exec');
    await credentials.current();
    assert.equal(await runs(), 1);
    credentials.invalidate();
    await credentials.current();
    assert.equal(await runs(), 2);
  });

  it('say which plug-in failed', async () => {
    const kubeconfig = file(`current-context: x
contexts: [{ name: x, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: 'https://h' } }]
users: [{ name: u, user: { exec: { command: no-such-plugin } } }]
`);
    const { credentials } = await load({ kubeconfig });
    await assert.rejects(
      credentials.current(),
      /command 'no-such-plugin' of the kubeconfig gave no credentials/,
    );
  });
});

const through = (server: string, env: Record<string, string>): string | undefined =>
  proxyFromEnvironment(new URL(server), env);

describe('proxies of the environment', () => {
  it('are used unless NO_PROXY exempts the server', () => {
    const env = { HTTPS_PROXY: 'proxy:3128', NO_PROXY: '.internal, 10.0.0.0/8,exact.example:6443 ,fd00::/8' };
    assert.equal(through('https://api.example', env), 'http://proxy:3128');
    assert.equal(through('http://api.example', env), undefined);
    assert.equal(through('https://api.internal', env), undefined);
    assert.equal(through('https://10.1.2.3:6443', env), undefined);
    assert.equal(through('https://11.1.2.3:6443', env), 'http://proxy:3128');
    assert.equal(through('https://exact.example:6443', env), undefined);
    assert.equal(through('https://exact.example', env), 'http://proxy:3128');
    assert.equal(through('https://[fd00::1]', env), undefined);
    assert.equal(through('https://127.0.0.1:6443', { https_proxy: 'p:1' }), undefined);
    assert.equal(through('https://sub.corp', { https_proxy: 'p:1', no_proxy: 'corp' }), undefined);
    assert.equal(through('https://x', { HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }), undefined);
    assert.equal(through('https://x', {}), undefined);
  });
});
