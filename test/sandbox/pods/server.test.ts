import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { behaviourOf, imageTag } from '../../../src/sandbox/pods/behaviour.ts';
import { PodNetwork } from '../../../src/sandbox/pods/network.ts';
import { startPodServer } from '../../../src/sandbox/pods/server.ts';

const pod = (container: object, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', annotations },
  spec: { containers: [{ name: 'app', image: 'example.com/team/app:v2', ...container }] },
});

describe('pod behaviour', () => {
  it('reads tags of images', () => {
    assert.deepEqual(
      ['app', 'app:v1', 'host:5000/app', 'host:5000/a/app:v2', 'app@sha256:0123456789abcdef'].map(imageTag),
      ['latest', 'v1', 'latest', 'v2', '0123456789ab'],
    );
  });

  it('reads env, annotations win, nonsense counts as nothing', () => {
    const env = [
      { name: 'SLUICE_ERROR_EVERY', value: '3' },
      { name: 'SLUICE_LATENCY_MS', value: 'soon' },
      { name: 'SLUICE_ERROR_RATE', value: '7' },
    ];
    const read = behaviourOf(
      pod({ env, ports: [{ containerPort: 9000 }] }, { 'sandbox.sluice.dev/error-every': '4' }),
    );
    assert.deepEqual(
      [read.version, read.errorEvery, read.latencyMs, read.errorRate, read.ports, read.badImage],
      ['v2', 4, 0, 1, [9000], false],
    );
  });

  it('resolves a named probe port and the defaults of core/v1', () => {
    const { readiness } = behaviourOf(
      pod({
        ports: [{ name: 'http', containerPort: 9000 }],
        readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 2 },
      }),
    );
    assert.deepEqual(readiness, {
      path: '/ready',
      port: 9000,
      initialDelayMs: 0,
      periodMs: 2000,
      timeoutMs: 1000,
      failureThreshold: 3,
      successThreshold: 1,
    });
  });
});

const linux = process.platform === 'linux' ? false : 'needs the whole of 127.0.0.0/8';

const serverOf = async (network: PodNetwork, address: string, env: object[] = [], port = 18_080) =>
  await startPodServer({
    pod: 'p',
    address,
    network,
    behaviour: { ...behaviourOf(pod({ env })), ports: [port] },
    clock: systemClock,
    random: () => 0.5,
  });

describe('pod server', () => {
  it('answers at its own address, fails every n-th request and counts', { skip: linux }, async () => {
    const network = new PodNetwork({ random: Math.random });
    const address = network.allocate();
    const server = await serverOf(network, address, [{ name: 'SLUICE_ERROR_EVERY', value: '3' }]);
    assert.deepEqual(network.dial(address, 18_080), { host: address, port: 18_080 });
    try {
      const codes: number[] = [];
      for (let i = 0; i < 6; i++) {
        const response = await fetch(`http://${address}:18080/`, { method: i === 3 ? 'POST' : 'GET' });
        codes.push(response.status);
        assert.equal(response.headers.get('x-version'), 'v2');
        assert.equal(((await response.json()) as { version: string }).version, 'v2');
      }
      assert.deepEqual(codes, [200, 200, 500, 200, 200, 500]);
      const html = await fetch(`http://${address}:18080/<b>`, { headers: { accept: 'text/html' } });
      assert.match(await html.text(), /<h1[^>]*>v2<\/h1>/);
      const metrics = await (await fetch(`http://${address}:18080/metrics`)).text();
      assert.match(metrics, /http_requests_total\{code="500",version="v2"\} 2/);
      assert.match(metrics, /http_requests_total\{code="200",version="v2"\} 5/);
    } finally {
      await server.drain(1000);
    }
    await assert.rejects(fetch(`http://${address}:18080/`));
  });

  it('takes a free port where its own is taken, and the network knows which', { skip: linux }, async () => {
    const network = new PodNetwork({ random: Math.random });
    const address = network.allocate();
    const first = await serverOf(network, address);
    const second = await serverOf(network, address);
    try {
      const { host, port } = network.dial(address, 18_080);
      assert.equal(host, address);
      assert.notEqual(port, 18_080);
      assert.equal((await fetch(`http://${host}:${port}/healthz`)).status, 200);
      network.release(address);
      assert.equal(network.dial(address, 18_080).port, 18_080);
    } finally {
      first.kill();
      second.kill();
    }
  });

  it('shares 127.0.0.1 where there is no other loopback address', async () => {
    const network = new PodNetwork({ random: Math.random, platform: 'darwin' });
    const address = network.allocate();
    assert.match(address, /^10\.244\./);
    const server = await serverOf(network, address);
    try {
      const { host, port } = network.dial(address, 18_080);
      assert.equal(host, '127.0.0.1');
      assert.equal((await fetch(`http://${host}:${port}/`)).headers.get('x-pod'), 'p');
    } finally {
      server.kill();
    }
  });

  it('never gives one address to two pods', () => {
    const network = new PodNetwork({ random: () => 0, platform: 'linux' });
    const given = Array.from({ length: 300 }, () => network.allocate());
    assert.equal(new Set(given).size, 300);
    assert.deepEqual([given[0], given[253], given[254]], ['127.16.0.1', '127.16.0.254', '127.16.1.1']);
  });
});
