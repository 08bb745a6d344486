import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CONTROLLER_FLAGS } from '../../../src/bin/controller-flags.ts';
import { FlagError, parseFlags } from '../../../src/bin/flags.ts';

const parse = (...argv: string[]): ReturnType<typeof parseFlags> =>
  parseFlags('sluice controller', CONTROLLER_FLAGS, argv);

describe('flags of the controller', () => {
  it('are those of spec 08, with their defaults', () => {
    const flags = parse();
    assert.equal(flags.number('metricsPort'), 8090);
    assert.equal(flags.number('healthzPort'), 8080);
    assert.equal(flags.number('qps'), 40);
    assert.equal(flags.number('burst'), 80);
    assert.equal(flags.number('rollout-resync'), 900);
    assert.equal(flags.on('leader-elect'), true);
    assert.equal(flags.number('leader-election-lease-duration'), 15_000);
    assert.equal(flags.on('namespaced'), false);
    assert.equal(flags.text('loglevel'), 'info');
    for (const line of [
      '--metricsport=1 --kloglevel 3 --istio-api-version v1 --ambassador-api-version x --traffic-split-api-version v1',
      '--traefik-api-group g --traefik-api-version v --appmesh-crd-version v --ingress-api-version networking/v1',
      '--alb-ingress-classes alb --nginx-ingress-classes a --alb-verify-weight --aws-target-group-binding-api-version v',
      '--alb-tag-key-resource-id k --self-service-notification-enabled --enable-pprof-address :1 --experiment-threads 1',
      '--service-threads 1 --ingress-threads 1 --ephemeral-metadata-threads 1 --ephemeral-metadata-update-pod-retries 1',
    ]) {
      parse(...line.split(' '));
    }
  });

  it('are read as kubectl reads them', () => {
    const flags = parse(
      '-n',
      'team',
      '--leader-elect=false',
      '--as-group',
      'a',
      '--as-group=b,c',
      '--request-timeout=1m30s',
      '--metricsport',
      '9',
    );
    assert.equal(flags.text('namespace'), 'team');
    assert.equal(flags.on('leader-elect'), false);
    assert.deepEqual(flags.list('as-group'), ['a', 'b', 'c']);
    assert.equal(flags.number('request-timeout'), 90_000);
    assert.equal(flags.number('metricsPort'), 9);
    assert.equal(parse('-nteam').text('namespace'), 'team');
    assert.deepEqual(parse('--', '--x').rest, ['--x']);
  });

  it('say in one sentence what is wrong', () => {
    const cases: [string[], RegExp][] = [
      [['--leader-elekt'], /unknown flag --leader-elekt \(did you mean --leader-elect\?\)/],
      [['--zzz'], /unknown flag --zzz \(sluice controller --help lists them all\)/],
      [['-q'], /unknown flag -q/],
      [['--qps'], /flag --qps needs a value/],
      [['--qps', 'many'], /flag --qps needs a number, not "many"/],
      [['--leader-elect=maybe'], /true or false, not "maybe"/],
      [['--request-timeout', '1x'], /needs a duration such as 30s/],
      [['--loglevel', 'loud'], /one of panic, fatal/],
    ];
    for (const [argv, message] of cases) assert.throws(() => parse(...argv), { name: 'FlagError', message });
    assert.ok(new FlagError('x') instanceof Error);
  });
});

const NOWHERE = fileURLToPath(new URL('no-such-place', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/bin/sluice.main.ts', import.meta.url));

interface Ended {
  code: number | null;
  out: string;
}

function run(
  args: string[],
  until?: { text: RegExp; signal: NodeJS.Signals },
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'controller', ...args], {
    env: { ...process.env, KUBECONFIG: NOWHERE, HOME: NOWHERE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let told = false;
  const read = (chunk: Buffer): void => {
    out += chunk.toString();
    if (until !== undefined && !told && until.text.test(out)) {
      told = true;
      child.kill(until.signal);
    }
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

const answering =
  (response: ServerResponse) =>
  (code: number, answer: object): void => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  };

/** An API server that knows leases and namespaces, and serves empty lists and quiet watches of everything else. */
async function quietApi(leases: Map<string, object>): Promise<{ url: string; server: Server }> {
  let revision = 10;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const say = answering(response);
      const missing = { kind: 'Status', code: 404, reason: 'NotFound', message: 'not found' };
      if (url.searchParams.get('watch') === 'true') {
        response.writeHead(200);
        response.flushHeaders();
      } else if (url.pathname.includes('/leases') && request.method !== 'GET') {
        revision += 1;
        const lease = JSON.parse(body) as { metadata: Record<string, unknown> };
        lease.metadata['resourceVersion'] = String(revision);
        leases.set(String(lease.metadata['name']), lease);
        say(200, { kind: 'Lease', ...lease });
      } else if (/\/leases\/./.test(url.pathname)) {
        const lease = leases.get(url.pathname.split('/').at(-1) ?? '');
        say(lease === undefined ? 404 : 200, lease ?? missing);
      } else if (url.pathname.startsWith('/api/v1/namespaces/') && url.pathname.split('/').length === 5)
        say(404, missing);
      else {
        const items = url.pathname.endsWith('/leases') ? [...leases.values()] : [];
        say(200, { kind: 'List', metadata: { resourceVersion: '10' }, items });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const PORTS = ['--metricsPort=0', '--healthzPort=0'];

describe('sluice controller', () => {
  it('explains itself, and fails in one sentence', async () => {
    const help = await run(['--help']);
    assert.equal(help.code, 0);
    for (const part of [/Examples:/, /Leader election:/, /--instance-id/, /Exit codes:/])
      assert.match(help.out, part);
    const wrong = await run(['--lead-elect']);
    assert.equal(wrong.code, 1);
    assert.equal(wrong.out.trim(), 'Error: unknown flag --lead-elect (did you mean --leader-elect?)');
    const nowhere = await run(PORTS);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.out, /^Error: there is no cluster to talk to/m);
    const unsupported = await run(['--controllers', 'notes']);
    assert.match(unsupported.out, /^Error: unsupported controller: notes/m);
  });

  it('leads, works and gives the lease back on SIGTERM', async () => {
    const leases = new Map<string, { spec?: { holderIdentity?: string } }>();
    const { url, server } = await quietApi(leases);
    try {
      const { code, out } = await run(
        ['--server', url, '--controllers', 'analysis', '--instance-id', 'x', ...PORTS],
        {
          text: /the workers start/,
          signal: 'SIGTERM',
        },
      );
      assert.equal(code, 0, out);
      assert.match(out, /leading/);
      assert.match(out, /stopped/);
      assert.equal(leases.get('sluice-controller-lock-x')?.spec?.holderIdentity, '');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('refuses to start beside a living Argo Rollouts controller, unless told to', async () => {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const other = {
      kind: 'Lease',
      metadata: { name: 'argo-rollouts-controller-lock', namespace: 'argo-rollouts', resourceVersion: '1' },
      spec: { holderIdentity: 'host_1', leaseDurationSeconds: 15, renewTime },
    };
    const { url, server } = await quietApi(new Map([['argo-rollouts-controller-lock', other]]));
    try {
      const base = ['--server', url, '--controllers', 'analysis', '--leader-elect=false', ...PORTS];
      const refused = await run(base);
      assert.equal(refused.code, 1);
      assert.match(
        refused.out,
        /^Error: an Argo Rollouts controller \(host_1\) holds the lease argo-rollouts\/argo-rollouts-controller-lock/m,
      );
      const forced = await run([...base, '--force-beside-argo-rollouts'], {
        text: /the workers start/,
        signal: 'SIGTERM',
      });
      assert.equal(forced.code, 0, forced.out);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
