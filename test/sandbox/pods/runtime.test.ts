import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { KubeApi, KubeObject } from '../../../src/kube/api.ts';
import { isNotFound } from '../../../src/kube/api.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { EVENT, POD } from '../../../src/kube/kinds.ts';
import { SandboxCluster } from '../../../src/sandbox/index.ts';
import { HttpPodRuntime } from '../../../src/sandbox/pods/http-runtime.ts';
import { PodNetwork } from '../../../src/sandbox/pods/network.ts';
import { dig } from '../support.ts';

const namespace = 'default';

/** Real time: what is waited for is an event of the cluster, and the limit is only for a broken one. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('pods that are HTTP servers', () => {
  let cluster: SandboxCluster;
  let api: KubeApi;
  let network: PodNetwork;
  let runtime: HttpPodRuntime;

  beforeEach(() => {
    network = new PodNetwork({ random: Math.random });
    runtime = new HttpPodRuntime({ clock: systemClock, random: Math.random, network });
    cluster = new SandboxCluster({ clock: systemClock, random: Math.random, pods: runtime });
    cluster.start();
    api = cluster.api();
  });
  afterEach(() => cluster.stop());

  const create = async (name: string, container: object, spec: object = {}): Promise<KubeObject> =>
    await api.create(POD, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'example.com/app:v1',
            ports: [{ name: 'http', containerPort: 8080 }],
            ...container,
          },
        ],
        ...spec,
      },
    });
  const get = async (name: string): Promise<KubeObject> => await api.get(POD, { namespace, name });
  const statusOf = (pod: KubeObject, type: string): unknown =>
    (dig(pod, 'status', 'conditions') as { type: string; status: string }[] | undefined)?.find(
      (condition) => condition.type === type,
    )?.status;
  const ready = async (name: string): Promise<KubeObject> =>
    await until(`${name} is ready`, async () => {
      const pod = await get(name);
      return statusOf(pod, 'Ready') === 'True' ? pod : undefined;
    });
  const waiting = (pod: KubeObject): unknown =>
    dig((dig(pod, 'status', 'containerStatuses') as object[] | undefined)?.[0], 'state', 'waiting', 'reason');
  const events = async (): Promise<string[]> =>
    (await api.list(EVENT, { namespace })).items.map((event) => String(event['reason']));

  it('is ready when its probe passes, and answers at its address', async () => {
    await create('web', { readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 } });
    const address = String(dig(await ready('web'), 'status', 'podIP'));
    const { host, port } = network.dial(address, 8080);
    assert.equal((await fetch(`http://${host}:${port}/`)).headers.get('x-version'), 'v1');
    assert.deepEqual(
      runtime.listening().map(({ instance }) => instance),
      [`${address}:8080`],
    );
  });

  it('is not ready while the probe fails, though it runs', async () => {
    await create('web', {
      env: [{ name: 'SLUICE_ERROR_RATE', value: '1' }],
      readinessProbe: { httpGet: { path: '/work', port: 8080 }, periodSeconds: 1 },
    });
    await until('the probe failed', async () => ((await events()).includes('Unhealthy') ? true : undefined));
    const pod = await get('web');
    assert.equal(dig(pod, 'status', 'phase'), 'Running');
    assert.equal(statusOf(pod, 'Ready'), 'False');
  });

  it('waits for readiness gates', async () => {
    await create('web', {}, { readinessGates: [{ conditionType: 'example.com/lb' }] });
    await until('the containers are ready', async () =>
      statusOf(await get('web'), 'ContainersReady') === 'True' ? true : undefined,
    );
    assert.equal(statusOf(await get('web'), 'Ready'), 'False');
    await api.patch(
      POD,
      { namespace, name: 'web' },
      {
        type: 'strategic',
        body: { status: { conditions: [{ type: 'example.com/lb', status: 'True' }] } },
      },
      { subresource: 'status' },
    );
    await ready('web');
  });

  it('listens only after its start delay', async () => {
    await create('web', {
      env: [{ name: 'SLUICE_START_DELAY_MS', value: '700' }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    });
    const running = await until('it runs', async () => {
      const pod = await get('web');
      return dig(pod, 'status', 'phase') === 'Running' ? pod : undefined;
    });
    assert.equal(statusOf(running, 'Ready'), 'False');
    assert.equal(runtime.listening().length, 0);
    await ready('web');
  });

  it('crashes and backs off', async () => {
    await create('web', { env: [{ name: 'SLUICE_CRASH', value: 'true' }] });
    await until('it crashed', async () =>
      waiting(await get('web')) === 'CrashLoopBackOff' ? true : undefined,
    );
    assert.ok((await events()).includes('BackOff'));
    assert.equal(statusOf(await get('web'), 'Ready'), 'False');
  });

  it('says of a bad image that it can not be pulled', async () => {
    await create('web', { image: 'example.com/app:bad' });
    await until('it fails', async () => (waiting(await get('web')) === 'ErrImagePull' ? true : undefined));
    await until('it backs off', async () =>
      waiting(await get('web')) === 'ImagePullBackOff' ? true : undefined,
    );
    assert.equal(dig(await get('web'), 'status', 'phase'), 'Pending');
  });

  it('finishes what it was asked before it goes', async () => {
    await create(
      'web',
      { env: [{ name: 'SLUICE_LATENCY_MS', value: '900' }] },
      { terminationGracePeriodSeconds: 5 },
    );
    const address = String(dig(await ready('web'), 'status', 'podIP'));
    const { host, port } = network.dial(address, 8080);
    const answer = fetch(`http://${host}:${port}/slow`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await api.delete(POD, { namespace, name: 'web' });
    assert.equal((await answer).status, 200);
    await until('it is gone', async () =>
      get('web').then(
        () => undefined,
        (error: unknown) => (isNotFound(error) ? true : undefined),
      ),
    );
    await assert.rejects(fetch(`http://${host}:${port}/`));
  });

  it('is cut off when its grace period is over', async () => {
    await create(
      'web',
      { env: [{ name: 'SLUICE_LATENCY_MS', value: '30000' }] },
      { terminationGracePeriodSeconds: 1 },
    );
    const address = String(dig(await ready('web'), 'status', 'podIP'));
    const { host, port } = network.dial(address, 8080);
    const answer = fetch(`http://${host}:${port}/endless`).then(
      () => 'answered',
      () => 'cut off',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    await api.delete(POD, { namespace, name: 'web' });
    assert.equal(await answer, 'cut off');
  });
});
