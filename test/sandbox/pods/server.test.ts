import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { behaviourOf, imageTag } from '../../../src/sandbox/pods/behaviour.ts';
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

describe('pod server', () => {
  const linux = process.platform === 'linux' ? false : 'needs the whole of 127.0.0.0/8';
  it('answers on its own address, fails every n-th request and counts', { skip: linux }, async () => {
    const address = '127.77.0.9';
    const behaviour = {
      ...behaviourOf(pod({ env: [{ name: 'SLUICE_ERROR_EVERY', value: '3' }] })),
      ports: [18_080],
    };
    const server = await startPodServer({
      pod: 'p',
      address,
      behaviour,
      clock: systemClock,
      random: () => 0.5,
    });
    try {
      const codes: number[] = [];
      for (let i = 0; i < 6; i++) {
        const response = await fetch(`http://${address}:18080/`);
        codes.push(response.status);
        assert.equal(response.headers.get('x-version'), 'v2');
        await response.arrayBuffer();
      }
      assert.deepEqual(codes, [200, 200, 500, 200, 200, 500]);
      const metrics = await (await fetch(`http://${address}:18080/metrics`)).text();
      assert.match(metrics, /http_requests_total\{code="500",version="v2"\} 2/);
      assert.match(metrics, /http_requests_total\{code="200",version="v2"\} 4/);
      await assert.rejects(
        startPodServer({ pod: 'q', address, behaviour, clock: systemClock, random: () => 0.5 }),
        (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE',
      );
    } finally {
      await server.drain(1000);
    }
    await assert.rejects(fetch(`http://${address}:18080/`));
  });
});
