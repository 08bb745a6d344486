/** The syncer and the Rollout controller on one cluster: a commit becomes a canary, and nobody fights. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rolloutController } from '../../../src/control/rollout/index.ts';
import { serviceController } from '../../../src/control/rollout/services.ts';
import { ROLLOUT } from '../../../src/kube/kinds.ts';
import { World } from './harness.ts';

const MINUTE = 60_000;

const manifests = (image: string): string => `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary}
spec: {ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 8080}]}]}
  strategy:
    canary:
      stableService: web
      canaryService: web-canary
      steps:
        - setWeight: 20
        - pause: {duration: 1h}
        - setWeight: 40
        - pause: {duration: 1h}
        - setWeight: 60
`;

describe('a commit that becomes a canary', () => {
  it('walks its steps while the syncer looks on, and ends Synced and Healthy', async () => {
    const world = new World({}, [
      (context) => rolloutController(context),
      (context) => serviceController(context),
    ]);
    world.commit({ 'app.yaml': manifests('web:1') });
    await world.application();
    await world.clock.advance(2 * MINUTE);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');

    world.commit({ 'app.yaml': manifests('web:2') });
    await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } });
    await world.clock.advance(2 * MINUTE);
    assert.equal(await world.summary(), 'Synced Suspended Succeeded');
    const applied = (): number => world.writes.filter(({ verb }) => verb === 'apply').length;
    const before = applied();
    await world.clock.advance(125 * MINUTE);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    const rollout = await world.api.get(ROLLOUT, { namespace: 'shop', name: 'web' });
    const status = rollout['status'] as { phase?: string; stableRS?: string; currentPodHash?: string };
    assert.equal(status.phase, 'Healthy');
    assert.equal(status.stableRS, status.currentPodHash);
    assert.equal(applied(), before, 'the syncer must not re-apply anything while a canary goes on');
    await world.stop();
  });
});
