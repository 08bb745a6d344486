/** Dry run of every verb: the answer is the one of the real run, and nothing is written. */

import { describe } from 'node:test';
import { CONFIG_MAP, POD, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import { at, configMap, object, point, rollout, type World } from './world.ts';

export function dryRun(w: World): void {
  describe('dry run', () => {
    const dry = { dryRun: true };
    const data = async (name: string): Promise<unknown> =>
      at(await w.api.get(CONFIG_MAP, w.ref(name)), 'data');

    point(
      'of a create fills what the server fills, but keeps nothing',
      async () => {
        const made = await w.create(ROLLOUT, rollout('dry-create'), dry);
        return [
          at(made, 'spec', 'replicas'),
          made.metadata.generation,
          made.metadata.uid !== undefined,
          made.metadata.resourceVersion ?? null,
          await w.gone(ROLLOUT, 'dry-create'),
        ];
      },
      [1, 1, true, null, true],
    );
    point(
      'of a create of a taken name is refused',
      async () => {
        await w.make(CONFIG_MAP, configMap('dry-taken'));
        return await w.told(w.create(CONFIG_MAP, configMap('dry-taken'), dry));
      },
      '409 AlreadyExists: configmaps "dry-taken" already exists',
    );
    point(
      'of a Service keeps no address',
      async () => {
        const service = object(SERVICE, { name: 'dry-service' }, { spec: { ports: [{ port: 80 }] } });
        const made = await w.create(SERVICE, service, dry);
        return [typeof at(made, 'spec', 'clusterIP'), await w.gone(SERVICE, 'dry-service')];
      },
      ['string', true],
    );
    point(
      'of a replace',
      async () => {
        const live = await w.make(CONFIG_MAP, configMap('dry-replace'));
        const answer = await w.api.replace(CONFIG_MAP, { ...live, data: { b: '2' } }, dry);
        return [
          answer['data'],
          answer.metadata.resourceVersion === live.metadata.resourceVersion,
          await data('dry-replace'),
        ];
      },
      [{ b: '2' }, true, { a: '1' }],
    );
    point(
      'of a merge patch raises the generation in the answer only',
      async () => {
        await w.make(ROLLOUT, rollout('dry-merge'));
        const answer = await w.merge(ROLLOUT, 'dry-merge', { spec: { replicas: 4 } }, dry);
        const live = await w.api.get(ROLLOUT, w.ref('dry-merge'));
        return [answer, live].map((object) => [object.metadata.generation, at(object, 'spec', 'replicas')]);
      },
      [
        [2, 4],
        [1, 1],
      ],
    );
    point(
      'of a JSON patch',
      async () => {
        await w.make(CONFIG_MAP, configMap('dry-json'));
        const body = [{ op: 'add' as const, path: '/data/b', value: '2' }];
        const answer = await w.patch(CONFIG_MAP, 'dry-json', { type: 'json', body }, dry);
        return [answer['data'], await data('dry-json')];
      },
      [{ a: '1', b: '2' }, { a: '1' }],
    );
    point(
      'of a strategic merge patch',
      async () => {
        await w.make(CONFIG_MAP, configMap('dry-strategic'));
        const patch = { type: 'strategic' as const, body: { data: { b: '2' } } };
        return [
          (await w.patch(CONFIG_MAP, 'dry-strategic', patch, dry))['data'],
          await data('dry-strategic'),
        ];
      },
      [{ a: '1', b: '2' }, { a: '1' }],
    );
    point(
      'of an apply that creates',
      async () => {
        const answer = await w.apply(CONFIG_MAP, 'dry-apply', 'm1', { data: { a: '1' } }, false, dry);
        return [answer['data'], answer.metadata.managedFields?.length, await w.gone(CONFIG_MAP, 'dry-apply')];
      },
      [{ a: '1' }, 1, true],
    );
    point(
      'of an apply tells the conflict',
      async () => {
        await w.apply(CONFIG_MAP, 'dry-conflict', 'm1', { data: { a: '1' } });
        return await w.told(w.apply(CONFIG_MAP, 'dry-conflict', 'm2', { data: { a: '2' } }, false, dry));
      },
      '409 Conflict: Apply failed with 1 conflict: conflict with "m1": .data.a',
    );
    point(
      'of a status patch',
      async () => {
        await w.make(ROLLOUT, rollout('dry-status'));
        const answer = await w.merge(
          ROLLOUT,
          'dry-status',
          { status: { phase: 'Paused' } },
          { subresource: 'status', dryRun: true },
        );
        return [answer['status'], (await w.api.get(ROLLOUT, w.ref('dry-status')))['status'] ?? null];
      },
      [{ phase: 'Paused' }, null],
    );
    point(
      'of scaling',
      async () => {
        await w.make(ROLLOUT, rollout('dry-scale'));
        const answer = await w.merge(
          ROLLOUT,
          'dry-scale',
          { spec: { replicas: 8 } },
          { subresource: 'scale', dryRun: true },
        );
        return [answer['spec'], at(await w.api.get(ROLLOUT, w.ref('dry-scale')), 'spec', 'replicas')];
      },
      [{ replicas: 8 }, 1],
    );
    point(
      'of a delete',
      async () => {
        await w.make(CONFIG_MAP, configMap('dry-delete'));
        const answer = await w.api.delete(CONFIG_MAP, w.ref('dry-delete'), dry);
        return [answer.kind, answer['status'] ?? null, await data('dry-delete')];
      },
      ['Status', 'Success', { a: '1' }],
    );
    point(
      'of a delete of what finalizers hold sets no deletionTimestamp',
      async () => {
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'dry-held', finalizers: ['example.com/hold'] }));
        const answer = await w.api.delete(CONFIG_MAP, w.ref('dry-held'), dry);
        const live = await w.api.get(CONFIG_MAP, w.ref('dry-held'));
        await w.merge(CONFIG_MAP, 'dry-held', { metadata: { finalizers: null } });
        return [
          answer.kind,
          answer.metadata.deletionTimestamp !== undefined,
          live.metadata.deletionTimestamp ?? null,
        ];
      },
      ['ConfigMap', true, null],
    );
    point(
      'of an eviction',
      async () => {
        const pod = object(
          POD,
          { name: 'dry-evict' },
          { spec: { containers: [{ name: 'a', image: 'example.com/a' }] } },
        );
        await w.make(POD, pod);
        const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: w.ref('dry-evict') };
        const answer = await w.api.create(POD, eviction, {
          subresource: 'eviction',
          ref: w.ref('dry-evict'),
          dryRun: true,
        });
        const live = await w.api.get(POD, w.ref('dry-evict'));
        return [answer['status'], live.metadata.deletionTimestamp ?? null];
      },
      ['Success', null],
    );
    point(
      'validates',
      async () => await w.told(w.create(ROLLOUT, rollout('dry-valid', { replicas: 'x' }), dry)),
      '422 Invalid: Rollout.argoproj.io "dry-valid" is invalid: [spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
  });
}
