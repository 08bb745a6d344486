/** The corners of the patch types. */

import { describe } from 'node:test';
import type { JsonPatchOperation } from '../../src/kube/api.ts';
import { CONFIG_MAP, NAMESPACE, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { at, configMap, object, podTemplate, point, rollout, type World } from './world.ts';

export function patchDetails(w: World): void {
  describe('patches in detail', () => {
    const json = async (name: string, body: JsonPatchOperation[]): Promise<unknown> => {
      if (await w.gone(CONFIG_MAP, name)) await w.make(CONFIG_MAP, configMap(name));
      return await w.patch(CONFIG_MAP, name, { type: 'json', body }).then(
        (answer) => answer['data'] ?? null,
        async (error: unknown) => await w.told(Promise.reject(error as Error)),
      );
    };
    point(
      'json: add replaces what is there',
      async () => await json('pd-1', [{ op: 'add', path: '/data/a', value: '2' }]),
      { a: '2' },
    );
    point(
      'json: add below what is not there',
      async () => await json('pd-2', [{ op: 'add', path: '/data2/x/y', value: '2' }]),
      '422 Invalid: the server rejected our request due to an error in our request',
    );
    point(
      'json: replace of what is not there',
      async () => await json('pd-3', [{ op: 'replace', path: '/data/zz', value: '2' }]),
      { a: '1', zz: '2' },
    );
    point('json: move', async () => await json('pd-4', [{ op: 'move', from: '/data/a', path: '/data/b' }]), {
      b: '1',
    });
    point('json: copy', async () => await json('pd-5', [{ op: 'copy', from: '/data/a', path: '/data/b' }]), {
      a: '1',
      b: '1',
    });
    point(
      'json: escapes in paths',
      async () => await json('pd-6', [{ op: 'add', path: '/data/a~1b', value: 'x' }]),
      "422 Invalid: ConfigMap \"pd-6\" is invalid: data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
    point(
      'json: an unknown operation',
      async () => await json('pd-7', [{ op: 'frob' as never, path: '/data/a', value: '2' }]),
      '422 Invalid: the server rejected our request due to an error in our request',
    );
    point(
      'json: a test that fails',
      async () => await json('pd-8', [{ op: 'test', path: '/data/a', value: 'no' }]),
      '422 Invalid: the server rejected our request due to an error in our request',
    );
    point(
      'json: a test of what is not there',
      async () => await json('pd-9', [{ op: 'test', path: '/data/q', value: 'no' }]),
      '422 Invalid: the server rejected our request due to an error in our request',
    );
    point(
      'json: a value of the wrong type',
      async () => ((await json('pd-10', [{ op: 'add', path: '/data/a', value: 1 }])) as string).slice(0, 12),
      '422 Invalid:',
    );
    point(
      'json: the name',
      async () => await json('pd-11', [{ op: 'replace', path: '/metadata/name', value: 'other' }]),
      '400 BadRequest: the name of the object (other) does not match the name on the URL (pd-11)',
    );
    point(
      'json: the kind',
      async () => {
        const text = (await json('pd-12', [{ op: 'replace', path: '/kind', value: 'Service' }])) as string;
        return [text.slice(0, 12), text.slice(text.lastIndexOf(': ') + 2)];
      },
      ['422 Invalid:', 'unknown conversion'],
    );
    point('json: an empty list', async () => await json('pd-13', []), { a: '1' });
    point(
      'json: append to and insert into a list of a custom resource',
      async () => {
        await w.make(ROLLOUT, rollout('pd-14'));
        const answer = await w.patch(ROLLOUT, 'pd-14', {
          type: 'json',
          body: [
            { op: 'add', path: '/spec/strategy/canary/steps/-', value: { setWeight: 60 } },
            { op: 'add', path: '/spec/strategy/canary/steps/0', value: { setWeight: 5 } },
            { op: 'remove', path: '/spec/strategy/canary/steps/1' },
          ],
        });
        return at(answer, 'spec', 'strategy', 'canary', 'steps');
      },
      [{ setWeight: 5 }, { pause: {} }, { setWeight: 60 }],
    );
    point(
      'merge: an empty object changes nothing',
      async () => {
        const made = await w.make(CONFIG_MAP, configMap('pd-15'));
        const answer = await w.merge(CONFIG_MAP, 'pd-15', {});
        return answer.metadata.resourceVersion === made.metadata.resourceVersion;
      },
      true,
    );
    point(
      'merge: the name',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-16'));
        return await w.told(w.merge(CONFIG_MAP, 'pd-16', { metadata: { name: 'other' } }));
      },
      '400 BadRequest: the name of the object (other) does not match the name on the URL (pd-16)',
    );
    point(
      'merge: the namespace',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-17'));
        return await w.told(w.merge(CONFIG_MAP, 'pd-17', { metadata: { namespace: 'default' } }));
      },
      '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request',
    );
    point(
      'merge: the deletionTimestamp is immutable, generation and selfLink are not taken',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-18'));
        const told = await w.told(
          w.merge(CONFIG_MAP, 'pd-18', { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }),
        );
        const answer = await w.merge(CONFIG_MAP, 'pd-18', { metadata: { generation: 77, selfLink: '/x' } });
        return [told, answer.metadata.generation ?? null, 'selfLink' in answer.metadata];
      },
      [
        '422 Invalid: ConfigMap "pd-18" is invalid: metadata.deletionTimestamp: Invalid value: "TIME": field is immutable',
        null,
        false,
      ],
    );
    point(
      'merge: the creationTimestamp is not taken',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-19'));
        const answer = await w.merge(CONFIG_MAP, 'pd-19', {
          metadata: { creationTimestamp: '2020-01-01T00:00:00Z' },
        });
        return answer.metadata.creationTimestamp === '2020-01-01T00:00:00Z';
      },
      false,
    );
    point(
      'merge: the uid is immutable, in words',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-20'));
        return await w.told(
          w.merge(CONFIG_MAP, 'pd-20', { metadata: { uid: '00000000-0000-0000-0000-000000000000' } }),
        );
      },
      '422 Invalid: ConfigMap "pd-20" is invalid: metadata.uid: Invalid value: "00000000-0000-0000-0000-000000000000": field is immutable',
    );
    point(
      'merge: a value of the wrong type in a custom resource',
      async () => {
        await w.make(ROLLOUT, rollout('pd-21'));
        return await w.told(w.merge(ROLLOUT, 'pd-21', { spec: { replicas: 'many' } }));
      },
      '422 Invalid: Rollout.argoproj.io "pd-21" is invalid: [spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid value: 0: .spec.replicas accessor error: many is of the type string, expected int64, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
    point(
      'merge: null for a required part',
      async () => {
        await w.make(ROLLOUT, rollout('pd-22'));
        const answer = await w.merge(ROLLOUT, 'pd-22', { spec: { replicas: null } });
        return at(answer, 'spec', 'replicas');
      },
      1,
    );
    point(
      'merge: of what is not there',
      async () => await w.told(w.merge(CONFIG_MAP, 'pd-nobody', { data: { a: '1' } })),
      '404 NotFound: configmaps "pd-nobody" not found',
    );
    point(
      'strategic: containers merge by name, in their order',
      async () => {
        const spec = { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() };
        await w.make(REPLICA_SET, object(REPLICA_SET, { name: 'pd-23' }, { spec }));
        const template: JsonObject = {
          spec: {
            containers: [
              { name: 'app', image: 'example.com/app:v2' },
              { name: 'b', image: 'example.com/b:1' },
            ],
          },
        };
        const answer = await w.patch(REPLICA_SET, 'pd-23', {
          type: 'strategic',
          body: { spec: { template } },
        });
        return (at(answer, 'spec', 'template', 'spec', 'containers') as JsonObject[]).map(
          ({ name, image }) => [name, image],
        );
      },
      [
        ['app', 'example.com/app:v2'],
        ['b', 'example.com/b:1'],
      ],
    );
    point(
      'strategic: $patch delete',
      async () => {
        const body: JsonObject = {
          spec: {
            template: {
              spec: {
                containers: [{ name: 'app', $patch: 'delete' }],
              },
            },
          },
        };
        const answer = await w.patch(REPLICA_SET, 'pd-23', { type: 'strategic', body });
        return (at(answer, 'spec', 'template', 'spec', 'containers') as JsonObject[]).map(({ name }) => name);
      },
      ['b'],
    );
    point(
      'strategic: $patch replace of a map',
      async () => {
        await w.make(CONFIG_MAP, configMap('pd-24', { a: '1', b: '2' }));
        const answer = await w.patch(CONFIG_MAP, 'pd-24', {
          type: 'strategic',
          body: { data: { $patch: 'replace', c: '3' } },
        });
        return answer['data'];
      },
      { c: '3' },
    );
    point(
      'strategic: $deleteFromPrimitiveList takes a finalizer away',
      async () => {
        await w.make(
          CONFIG_MAP,
          object(CONFIG_MAP, { name: 'pd-25', finalizers: ['example.com/a', 'example.com/b'] }),
        );
        const one = await w.patch(CONFIG_MAP, 'pd-25', {
          type: 'strategic',
          body: { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } },
        });
        const two = await w.patch(CONFIG_MAP, 'pd-25', {
          type: 'strategic',
          body: { metadata: { finalizers: ['example.com/c'] } },
        });
        await w.merge(CONFIG_MAP, 'pd-25', { metadata: { finalizers: null } });
        return [one.metadata.finalizers, two.metadata.finalizers];
      },
      [['example.com/b'], ['example.com/c', 'example.com/b']],
    );
    point(
      'strategic: ports of a Service by port',
      async () => {
        const spec = {
          ports: [
            { name: 'a', port: 80 },
            { name: 'b', port: 81 },
          ],
        };
        await w.make(SERVICE, object(SERVICE, { name: 'pd-26' }, { spec }));
        const answer = await w.patch(SERVICE, 'pd-26', {
          type: 'strategic',
          body: {
            spec: {
              ports: [
                { port: 80, $patch: 'delete' },
                { name: 'c', port: 82 },
              ],
            },
          },
        });
        return at(answer, 'spec', 'ports');
      },
      [
        { name: 'c', protocol: 'TCP', port: 82, targetPort: 82 },
        { name: 'b', protocol: 'TCP', port: 81, targetPort: 81 },
      ],
    );
    point(
      'strategic: an item without its key',
      async () => {
        const body: JsonObject = { spec: { template: { spec: { containers: [{ image: 'x' }] } } } };
        return await w.told(w.patch(REPLICA_SET, 'pd-23', { type: 'strategic', body }));
      },
      '500 InternalError: map: map[image:x] does not contain declared merge key: name',
    );
    point(
      'strategic: the text with which custom resources refuse it',
      async () => {
        await w.make(ROLLOUT, rollout('pd-27'));
        return await w.told(w.patch(ROLLOUT, 'pd-27', { type: 'strategic', body: {} }));
      },
      '415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
    point(
      'a patch of a namespace of its labels keeps the one with its name',
      async () => {
        const name = `${w.ns}-labels`;
        await w.api.create(NAMESPACE, object(NAMESPACE, { name, labels: { a: '1' } }));
        const answer = await w.api.patch(
          NAMESPACE,
          { name },
          { type: 'merge', body: { metadata: { labels: null } } },
        );
        await w.api.delete(NAMESPACE, { name });
        return w.plain(JSON.stringify(answer.metadata.labels));
      },
      '{"kubernetes.io/metadata.name":"NS-labels"}',
    );
  });
}
