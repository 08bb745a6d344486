/** Built-in kinds: defaults and validation. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '../../src/kube/api.ts';
import { INGRESS, POD, REPLICA_SET, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { object, podTemplate, refused, at, uniqueName, type World } from './world.ts';

export function builtinKinds(w: World): void {
  describe('built-in kinds', () => {
    it('default a Service as users see it', async () => {
      const created = await w.make(
        SERVICE,
        object(SERVICE, { name: uniqueName('svc') }, { spec: { ports: [{ port: 80 }] } }),
      );
      const spec = created['spec'] as JsonObject;
      assert.deepEqual(spec['ports'], [{ protocol: 'TCP', port: 80, targetPort: 80 }]);
      assert.deepEqual([spec['type'], spec['sessionAffinity']], ['ClusterIP', 'None']);
      assert.match(String(spec['clusterIP']), /^\d+\.\d+\.\d+\.\d+$/);
    });
    it('default a pod template as users see it', async () => {
      const created = await w.make(
        REPLICA_SET,
        object(
          REPLICA_SET,
          { name: uniqueName('rs') },
          { spec: { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() } },
        ),
      );
      assert.deepEqual(at(created, 'spec', 'template', 'spec'), {
        containers: [
          {
            name: 'app',
            image: 'example.com/app:v1',
            imagePullPolicy: 'IfNotPresent',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
          },
        ],
        dnsPolicy: 'ClusterFirst',
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      });
    });
    it('refuse a selector that does not match the template', async () => {
      const error = await refused(
        w.make(
          REPLICA_SET,
          object(
            REPLICA_SET,
            { name: uniqueName('rs') },
            { spec: { selector: { matchLabels: { app: 'other' } }, template: podTemplate() } },
          ),
        ),
      );
      assert.equal(error.code, 422);
      assert.match(error.message, /`selector` does not match template `labels`/);
    });
    it('refuse an Ingress path without pathType', async () => {
      const error = await refused(
        w.make(
          INGRESS,
          object(
            INGRESS,
            { name: uniqueName('ing') },
            {
              spec: {
                rules: [
                  {
                    http: {
                      paths: [{ path: '/', backend: { service: { name: 's', port: { number: 80 } } } }],
                    },
                  },
                ],
              },
            },
          ),
        ),
      );
      assert.equal(error.code, 422);
      assert.match(
        error.message,
        /spec\.rules\[0\]\.http\.paths\[0\]\.pathType: Required value: pathType must be specified/,
      );
    });
    it('evict a pod', async () => {
      const name = uniqueName('pod');
      await w.make(
        POD,
        object(
          POD,
          { name, labels: { app: name } },
          { spec: { containers: [{ name: 'a', image: 'example.com/a' }] } },
        ),
      );
      await w.api.create(
        POD,
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: w.ns } },
        { subresource: 'eviction', ref: w.ref(name) },
      );
      await w.server.eventually(
        'the pod terminating or gone',
        async () =>
          await w.api.get(POD, w.ref(name)).then(
            (pod) => pod.metadata.deletionTimestamp !== undefined,
            (error: unknown) => error instanceof ApiError && error.code === 404,
          ),
      );
    });
  });
}
