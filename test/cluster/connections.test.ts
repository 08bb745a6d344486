/** Credentials that are replaced, and connections that are cut, in the middle of a canary. */

import assert from 'node:assert/strict';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, it } from 'node:test';
import { SECRET, SERVICE_ACCOUNT } from '../../src/kube/kinds.ts';
import { makeClientAuthority } from '../../src/sandbox/http/certificate.ts';
import { readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { kubectl } from './kubectl.ts';
import { MetricServer } from './scenarios.ts';
import { serviceAccountUser } from './service-account.ts';
import { canaryUnderWay, nothingSkippedOrRepeated, PAUSE_MS } from './under-way.ts';
import { User } from './user.ts';

const NOW = Date.now();
const AUTHORITY = makeClientAuthority(NOW);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

withCluster(
  'connections',
  { rules: true, clientCa: AUTHORITY.ca, users: { cut: ['system:masters'] } },
  (cluster) => {
    let metrics: MetricServer;
    let controller: ControllerProcess | undefined;
    before(async () => {
      metrics = await MetricServer.start();
    });
    after(() => metrics?.stop());
    afterEach(() => controller?.end());

    /** A kubeconfig of one user, whose credentials stand in files. */
    function kubeconfig(name: string, user: object, server = cluster().plane.url): string {
      const config = JSON.parse(readFileSync(cluster().kubeconfig, 'utf8')) as {
        clusters: { cluster: { server: string } }[];
        users: { user: object }[];
      };
      for (const each of config.clusters) each.cluster.server = server;
      for (const each of config.users) each.user = user;
      const file = join(cluster().plane.dir, `${name}.kubeconfig`);
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
      return file;
    }
    /** As the kubelet does it: a new file takes the place of the old one. */
    function replace(file: string, text: string): void {
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      chmodSync(`${file}.new`, 0o600);
      renameSync(`${file}.new`, file);
    }
    async function start(config: string): Promise<void> {
      controller = new ControllerProcess({
        kubeconfig: config,
        log: join(cluster().plane.dir, `connections-${Date.now()}.log`),
        args: ['--controllers', 'rollouts,services,analysis'],
        env: { POD_NAMESPACE: 'default' },
      });
      await controller.says(/all stores are in step/);
    }
    const codes = (user: string, since = 0): number[] =>
      readAudit(cluster().plane.auditLog, user)
        .filter(({ at }) => at >= since)
        .map(({ code }) => code);

    it('a token is replaced in its file, and the old one is refused from then on', async () => {
      const { plane, api } = cluster();
      const home = new User(api, 'default');
      await home.create(SERVICE_ACCOUNT, 'rotated', {});
      await kubectl(plane, [
        'create',
        'clusterrolebinding',
        'rotated',
        '--clusterrole=cluster-admin',
        '--serviceaccount=default:rotated',
      ]);
      const token = async (secret: string): Promise<string> => {
        const { metadata } = await home.create(SECRET, secret, {});
        const answer = await plane.call('POST', '/api/v1/namespaces/default/serviceaccounts/rotated/token', {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: {
            expirationSeconds: 3600,
            boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: secret, uid: metadata.uid },
          },
        });
        return (JSON.parse(answer) as { status: { token: string } }).status.token;
      };
      const file = join(plane.dir, 'token');
      const old = await token('first');
      replace(file, old);
      await start(kubeconfig('token', { tokenFile: file }));
      const demo = await canaryUnderWay(api, 'token', metrics.url);
      replace(file, await token('second'));
      // With the Secret that it is bound to the old token ends.
      await home.delete(SECRET, 'first');
      const refused = async (): Promise<boolean> => {
        const response = await plane.status('/api', old);
        return response === 401;
      };
      await eventually('the old token to be refused', refused, 20_000);
      const since = Date.now();
      await nothingSkippedOrRepeated(demo, 25_000);
      const seen = codes(serviceAccountUser('default', 'rotated'), since);
      assert.ok(seen.length > 5 && seen.every((code) => code < 400 || code === 404 || code === 409));
      assert.equal(controller?.child.exitCode, null, 'it never ended');
    });

    it('a client certificate is replaced in its file, and the old one expires', async () => {
      const { plane, api } = cluster();
      await kubectl(plane, [
        'create',
        'clusterrolebinding',
        'certificates',
        '--clusterrole=cluster-admin',
        '--user=first',
        '--user=second',
      ]);
      const file = (name: string): string => join(plane.dir, `client.${name}`);
      const show = (user: string, forMs: number): void => {
        const { certificate, key } = AUTHORITY.issue(user, Date.now() + forMs);
        replace(file('key'), key);
        replace(file('crt'), certificate);
      };
      const expires = Date.now() + 20_000;
      show('first', 20_000);
      const files = { 'client-certificate': file('crt'), 'client-key': file('key') };
      await start(kubeconfig('certificate', files));
      const demo = await canaryUnderWay(api, 'certificate', metrics.url);
      show('second', 3_600_000);
      await nothingSkippedOrRepeated(demo, 15_000);
      await sleep(Math.max(0, expires + 3_000 - Date.now()));
      await demo.user.image('demo', 'v3');
      await demo.user.phase('demo', 'Paused', 30_000, 1);
      const since = expires + 1_000;
      assert.ok(codes('second', since).length > 3, 'the new one is used');
      assert.deepEqual(codes('first', since), [], 'and the old one is not');
      assert.equal(controller?.child.exitCode, null, 'it never ended');
    });

    it('every connection, and with it every watch, is cut each second', async () => {
      const { plane, api } = cluster();
      const cutter = await Cutter.start(Number(new URL(plane.url).port));
      try {
        await start(kubeconfig('cut', { token: plane.token('cut') }, cutter.url));
        cutter.every(1_000);
        const since = Date.now();
        const demo = await canaryUnderWay(api, 'cut', metrics.url);
        await nothingSkippedOrRepeated(demo, undefined, 3);
        const watches = readAudit(plane.auditLog, 'cut').filter(
          ({ verb, resource, at }) => verb === 'watch' && resource === 'rollouts' && at >= since,
        );
        assert.ok(Date.now() - since > PAUSE_MS);
        assert.ok(cutter.cuts > 10 && watches.length >= 5, `${cutter.cuts} cuts, ${watches.length} watches`);
        assert.equal(controller?.child.exitCode, null, 'it never ended');
      } finally {
        await controller?.end('SIGKILL');
        await cutter.stop();
      }
    });
  },
);

/** A way to the API server whose connections are destroyed now and then, whatever is on them. */
class Cutter {
  cuts = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(port: number): Promise<Cutter> {
    const server = createServer((incoming) => {
      const outgoing = connect(port, '127.0.0.1');
      for (const socket of [incoming, outgoing]) {
        cutter.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          cutter.#sockets.delete(socket);
          incoming.destroy();
          outgoing.destroy();
        });
      }
      incoming.pipe(outgoing).pipe(incoming);
    });
    const cutter = new Cutter(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return cutter;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  every(ms: number): void {
    this.#timer = setInterval(() => {
      this.cuts += 1;
      for (const socket of this.#sockets) socket.destroy();
    }, ms);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
