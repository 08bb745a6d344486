/**
 * A real Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager, scheduler, kwok.
 * Starts in about eight seconds, keeps everything below one temporary folder, and leaves nothing behind.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Binaries } from './binaries.ts';

export interface ControlPlaneOptions {
  /** kwok Stages that say how pods behave. */
  stages?: string;
  /** false: only etcd and the API server, for contract tests. */
  controllers?: boolean;
  nodes?: number;
  /** false: our CRDs are left to the suite. */
  crds?: boolean;
  /** Admission plugins beside the default ones. */
  admission?: readonly string[];
  /** PEM. Clients with a certificate of this authority are who it says. */
  clientCa?: string;
  /** The suite needs nothing but an API server with the usual controllers: it may be the cluster of KUBECONFIG. */
  anyCluster?: boolean;
  /** The rules of `test/prove/rules` watch the suite, and fail it. */
  rules?: boolean;
  /** More users for RBAC tests: name -> groups. Each gets a token and a kubeconfig. */
  users?: Record<string, string[]>;
}

const CONTROLLERS = [
  'replicaset',
  'deployment',
  'job',
  'garbage-collector-controller',
  'namespace',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'disruption-controller',
  'ttl-after-finished-controller',
  'clusterrole-aggregation-controller',
  'horizontal-pod-autoscaler-controller',
];
const START_LIMIT_MS = 60_000;

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

export class ControlPlane {
  readonly dir: string;
  readonly auditLog: string;
  private readonly binaries: Binaries;
  private readonly options: ControlPlaneOptions;
  private readonly running = new Map<string, ChildProcess>();
  private readonly tokens = new Map<string, string>();
  private port = 0;
  private etcdPort = 0;
  private peerPort = 0;

  constructor(binaries: Binaries, options: ControlPlaneOptions = {}) {
    this.binaries = binaries;
    this.options = options;
    this.dir = mkdtempSync(join(tmpdir(), 'sluice-cluster-'));
    this.auditLog = join(this.dir, 'audit.log');
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  token(user: string): string {
    const token = this.tokens.get(user);
    if (token === undefined) throw new Error(`no user ${user}: name it in the options of the control plane`);
    return token;
  }

  async start(): Promise<void> {
    [this.port, this.etcdPort, this.peerPort] = [await freePort(), await freePort(), await freePort()];
    this.writeCredentials();
    this.startEtcd();
    this.startApiServer();
    await this.ready();
    for (const user of this.tokens.keys())
      writeFileSync(this.kubeconfig(user), this.kubeconfigText(user), { mode: 0o600 });
  }

  /** After the CRDs exist: the garbage collector must know them. */
  async startControllers(): Promise<void> {
    this.startControllerManager();
    this.run('kube-scheduler', [
      `--kubeconfig=${this.kubeconfig('admin')}`,
      '--leader-elect=false',
      `--secure-port=${await freePort()}`,
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ]);
    const stages = this.options.stages ?? fileURLToPath(new URL('./pods.yaml', import.meta.url));
    await this.createNodes();
    this.run('kwok', [
      `--kubeconfig=${this.kubeconfig('admin')}`,
      '--manage-all-nodes=true',
      `--config=${fileURLToPath(new URL('./nodes.yaml', import.meta.url))}`,
      `--config=${stages}`,
      '--node-lease-duration-seconds=40',
    ]);
    await this.until('every node ready', async () => {
      const list = JSON.parse(await this.call('GET', '/api/v1/nodes')) as {
        items: { status?: { conditions?: { type: string; status: string }[] } }[];
      };
      return list.items.every((node) =>
        node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
    });
  }

  kubeconfig(user = 'admin'): string {
    return join(this.dir, `${user}.kubeconfig`);
  }

  /** Path of a binary, for tests that use the matching kubectl. */
  binary(name: keyof Binaries): string {
    return this.binaries[name];
  }

  logOf(name: string): string {
    return readFileSync(join(this.dir, `${name}.log`), 'utf8');
  }

  process(name: string): ChildProcess {
    const child = this.running.get(name);
    if (child === undefined) throw new Error(`${name} is not running`);
    return child;
  }

  async restartApiServer(): Promise<void> {
    await this.end('kube-apiserver');
    this.startApiServer();
    await this.ready();
  }

  async stop(): Promise<void> {
    for (const name of ['kwok', 'kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'])
      await this.end(name);
    if (process.env['SLUICE_KEEP_CLUSTER'] === undefined) rmSync(this.dir, { recursive: true, force: true });
  }

  /** Makes etcd forget its history now, as the API server does every five minutes. */
  async compact(): Promise<void> {
    const ask = async (path: string, body: unknown): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${this.etcdPort}/v3/kv/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
      return await response.json();
    };
    const { header } = (await ask('range', { key: 'AA==' })) as { header: { revision: string } };
    // The API server reads from this key that its own snapshots are too old, too; it looks every few seconds.
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    await ask('put', { key: base64('compact_rev_key'), value: base64(header.revision) });
    await ask('compaction', { revision: header.revision, physical: true });
  }

  /** The code that a GET is answered with, for whoever has the token. */
  async status(path: string, token: string): Promise<number> {
    return await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      request(`${this.url}${path}`, { rejectUnauthorized: false, agent: false, headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  }

  /** One request as the administrator. Resolves with the body; rejects on a failure status. */
  async call(method: string, path: string, body?: unknown): Promise<string> {
    return await new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.url}${path}`,
        {
          method,
          rejectUnauthorized: false,
          agent: false,
          headers: { authorization: `Bearer ${this.token('admin')}`, 'content-type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            if ((response.statusCode ?? 500) < 400) resolve(text);
            else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`));
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  private writeCredentials(): void {
    const users: Record<string, string[]> = { admin: ['system:masters'], ...this.options.users };
    const rows = Object.entries(users).map(([user, groups]) => {
      const token = randomBytes(16).toString('hex');
      this.tokens.set(user, token);
      return `${token},${user},${user},"${groups.join(',')}"`;
    });
    writeFileSync(join(this.dir, 'tokens.csv'), rows.join('\n') + '\n', { mode: 0o600 });
    if (this.options.clientCa !== undefined)
      writeFileSync(join(this.dir, 'clients.crt'), this.options.clientCa);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(join(this.dir, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), {
      mode: 0o600,
    });
    writeFileSync(
      join(this.dir, 'audit.yaml'),
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n' +
        '- {level: None, users: [admin, "system:apiserver"]}\n- level: Metadata\n',
    );
  }

  private kubeconfigText(user: string): string {
    const authority = readFileSync(join(this.dir, 'certs', 'apiserver.crt')).toString('base64');
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: this.url, 'certificate-authority-data': authority } }],
      users: [{ name: user, user: { token: this.token(user) } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user, namespace: 'default' } }],
      'current-context': 'test',
    });
  }

  private startEtcd(): void {
    const client = `http://127.0.0.1:${this.etcdPort}`;
    const peer = `http://127.0.0.1:${this.peerPort}`;
    this.run('etcd', [
      `--data-dir=${join(this.dir, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      // Tests lose nothing that matters in a power cut.
      '--unsafe-no-fsync',
    ]);
  }

  private startApiServer(): void {
    this.run('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${this.etcdPort}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.port}`,
      `--cert-dir=${join(this.dir, 'certs')}`,
      `--token-auth-file=${join(this.dir, 'tokens.csv')}`,
      ...(this.options.clientCa === undefined ? [] : [`--client-ca-file=${join(this.dir, 'clients.crt')}`]),
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-signing-key-file=${join(this.dir, 'sa.key')}`,
      `--service-account-key-file=${join(this.dir, 'sa.key')}`,
      '--service-cluster-ip-range=10.96.0.0/12',
      '--endpoint-reconciler-type=none',
      // No node controller runs here that would take the not-ready taint off again.
      '--disable-admission-plugins=TaintNodesByCondition',
      ...(this.options.admission ?? []).map((plugin) => `--enable-admission-plugins=${plugin}`),
      `--audit-policy-file=${join(this.dir, 'audit.yaml')}`,
      `--audit-log-path=${this.auditLog}`,
    ]);
  }

  private startControllerManager(): void {
    this.run('kube-controller-manager', [
      `--kubeconfig=${this.kubeconfig('admin')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
      '--horizontal-pod-autoscaler-sync-period=1s',
      `--service-account-private-key-file=${join(this.dir, 'sa.key')}`,
      `--root-ca-file=${join(this.dir, 'certs', 'apiserver.crt')}`,
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ]);
  }

  private async createNodes(): Promise<void> {
    const lots = { cpu: '1000k', memory: '1000Ti', pods: '1000k' };
    for (let i = 0; i < (this.options.nodes ?? 3); i++) {
      await this.call('POST', '/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name: `node-${i}`,
          annotations: { 'kwok.x-k8s.io/node': 'fake' },
          labels: { 'kubernetes.io/hostname': `node-${i}` },
        },
        status: { allocatable: lots, capacity: lots },
      });
    }
  }

  private async ready(): Promise<void> {
    await this.until('the API server ready', async () => {
      await this.call('GET', '/readyz');
      return true;
    });
  }

  private async until(what: string, test: () => Promise<boolean>): Promise<void> {
    const limit = performance.now() + START_LIMIT_MS;
    let last: unknown;
    while (performance.now() < limit) {
      for (const [name, child] of this.running) {
        if (child.exitCode !== null)
          throw new Error(`${name} ended early:\n${this.logOf(name).slice(-3000)}`);
      }
      try {
        if (await test()) return;
      } catch (error) {
        last = error;
      }
      await pause(100);
    }
    throw new Error(`waited ${START_LIMIT_MS / 1000} s for ${what} (logs in ${this.dir})`, { cause: last });
  }

  private run(name: keyof Binaries, args: string[]): void {
    const log = openSync(join(this.dir, `${name}.log`), 'a');
    this.running.set(name, spawn(this.binaries[name], args, { stdio: ['ignore', log, log], cwd: this.dir }));
    closeSync(log);
  }

  private async end(name: string): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(killer);
  }
}
