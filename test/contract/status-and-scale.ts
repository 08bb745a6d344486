/** The subresources in detail. */

import { describe } from 'node:test';
import { CONFIG_MAP, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { at, configMap, object, podTemplate, point, rollout, type World } from './world.ts';

export function statusAndScale(w: World): void {
  describe('status and scale', () => {
    const scaled = { subresource: 'scale' as const };
    const status = { subresource: 'status' as const };

    point(
      'a scale of a Rollout, whole',
      async () => {
        await w.make(ROLLOUT, rollout('sc-1', { replicas: 2 }));
        const scale = await w.api.get(ROLLOUT, w.ref('sc-1'), scaled);
        const { metadata, ...rest } = scale;
        return [rest, Object.keys(metadata).sort()];
      },
      [
        { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 2 }, status: { replicas: 0 } },
        ['creationTimestamp', 'name', 'namespace', 'resourceVersion', 'uid'],
      ],
    );
    point(
      'a scale of a ReplicaSet, whole',
      async () => {
        const spec = { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() };
        await w.make(REPLICA_SET, object(REPLICA_SET, { name: 'sc-2' }, { spec }));
        const { metadata, ...rest } = await w.api.get(REPLICA_SET, w.ref('sc-2'), scaled);
        return [rest, Object.keys(metadata).sort()];
      },
      [
        {
          kind: 'Scale',
          apiVersion: 'autoscaling/v1',
          spec: {},
          status: { replicas: 0, selector: 'app=demo' },
        },
        ['creationTimestamp', 'name', 'namespace', 'resourceVersion', 'uid'],
      ],
    );
    point(
      'scaling below zero',
      async () => [
        await w.told(w.merge(ROLLOUT, 'sc-1', { spec: { replicas: -1 } }, scaled)),
        await w.told(w.merge(REPLICA_SET, 'sc-2', { spec: { replicas: -1 } }, scaled)),
      ],
      [
        '422 Invalid: Rollout.argoproj.io "sc-1" is invalid: .spec.replicas: Invalid value: -1: should be a non-negative integer',
        '422 Invalid: Scale.autoscaling "sc-2" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      ],
    );
    point(
      'scaling to what is there writes nothing',
      async () => {
        const before = await w.api.get(ROLLOUT, w.ref('sc-1'));
        const answer = await w.merge(ROLLOUT, 'sc-1', { spec: { replicas: 2 } }, scaled);
        return answer.metadata.resourceVersion === before.metadata.resourceVersion;
      },
      false,
    );
    point(
      'a scale is replaced with its resourceVersion as a precondition',
      async () => {
        const scale = await w.api.get(ROLLOUT, w.ref('sc-1'), scaled);
        await w.merge(ROLLOUT, 'sc-1', { metadata: { labels: { a: '1' } } });
        return await w.told(w.api.replace(ROLLOUT, { ...scale, spec: { replicas: 6 } }, scaled));
      },
      '409 Conflict: Operation cannot be fulfilled on rollouts.argoproj.io "sc-1": the object has been modified; please apply your changes to the latest version and try again',
    );
    point(
      'a kind without scale',
      async () => {
        await w.make(CONFIG_MAP, configMap('sc-3'));
        return await w.told(w.api.get(CONFIG_MAP, w.ref('sc-3'), scaled));
      },
      '404 NotFound: the server could not find the requested resource',
    );
    point(
      'a scale of what is not there',
      async () => [
        await w.told(w.api.get(ROLLOUT, w.ref('sc-nobody'), scaled)),
        await w.told(w.merge(ROLLOUT, 'sc-nobody', { spec: { replicas: 1 } }, scaled)),
      ],
      [
        '404 NotFound: rollouts.argoproj.io "sc-nobody" not found',
        '404 NotFound: rollouts.argoproj.io "sc-nobody" not found',
      ],
    );
    point(
      'an apply to the scale subresource',
      async () =>
        await w
          .patch(
            ROLLOUT,
            'sc-1',
            {
              type: 'apply',
              force: true,
              body: {
                apiVersion: 'autoscaling/v1',
                kind: 'Scale',
                metadata: { name: 'sc-1', namespace: w.ns },
                spec: { replicas: 4 },
              } as JsonObject,
            },
            { ...scaled, fieldManager: 'hpa' },
          )
          .then(
            (answer) => answer['spec'],
            async (error: unknown) => await w.told(Promise.reject(error as Error)),
          ),
      '500 InternalError: failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1',
    );
    point(
      'a status write leaves labels, annotations and finalizers of a custom resource',
      async () => {
        await w.make(ROLLOUT, rollout('sc-4'));
        const answer = await w.merge(
          ROLLOUT,
          'sc-4',
          { metadata: { labels: { a: '1' }, annotations: { b: '2' } }, status: { phase: 'Paused' } },
          status,
        );
        return [answer.metadata.labels ?? null, answer.metadata.annotations ?? null, answer['status']];
      },
      [null, null, { phase: 'Paused' }],
    );
    point(
      'a status write takes labels of a built-in kind',
      async () => {
        const answer = await w.merge(REPLICA_SET, 'sc-2', { metadata: { labels: { a: '1' } } }, status);
        return answer.metadata.labels ?? null;
      },
      { a: '1' },
    );
    point(
      'a status of the wrong type',
      async () => await w.told(w.merge(ROLLOUT, 'sc-4', { status: { phase: 5 } }, status)),
      '422 Invalid: Rollout.argoproj.io "sc-4" is invalid: [status.phase: Invalid value: "integer": phase in body must be of type string: "integer", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
    point(
      'unknown fields of a status are pruned',
      async () => {
        const answer = await w.merge(ROLLOUT, 'sc-4', { status: { bogus: 1, message: 'm' } }, status);
        return answer['status'];
      },
      { message: 'm', phase: 'Paused' },
    );
    point(
      'null takes a field of status away',
      async () => (await w.merge(ROLLOUT, 'sc-4', { status: { message: null } }, status))['status'],
      { phase: 'Paused' },
    );
    point(
      'a replace of a status leaves the spec',
      async () => {
        const live = await w.api.get(ROLLOUT, w.ref('sc-4'));
        const spec = { ...(live['spec'] as JsonObject), replicas: 9 };
        const answer = await w.api.replace(ROLLOUT, { ...live, spec, status: { phase: 'Healthy' } }, status);
        return [at(answer, 'spec', 'replicas'), answer['status'], answer.metadata.generation];
      },
      [1, { phase: 'Healthy' }, 1],
    );
    point(
      'a main write with a stale status keeps the new one',
      async () => {
        const live = await w.api.get(ROLLOUT, w.ref('sc-4'));
        const answer = await w.api.replace(ROLLOUT, { ...live, status: { phase: 'Degraded' } });
        return answer['status'];
      },
      { phase: 'Healthy' },
    );
    point(
      'the status of a ReplicaSet is checked',
      async () =>
        await w.told(w.merge(REPLICA_SET, 'sc-2', { status: { replicas: 1, readyReplicas: 2 } }, status)),
      '422 Invalid: ReplicaSet.apps "sc-2" is invalid: status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    );
    point(
      'a get of the status subresource is the object',
      async () => {
        const live = await w.api.get(ROLLOUT, w.ref('sc-4'), status);
        return [live.kind, at(live, 'spec', 'replicas')];
      },
      ['Rollout', 1],
    );
  });
}
