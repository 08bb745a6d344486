/** fieldValidation=Strict, Warn and Ignore for each way of writing. */

import { describe } from 'node:test';
import type { WriteOptions } from '../../src/kube/api.ts';
import { CONFIG_MAP, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import { at, configMap, object, podTemplate, point, rollout, rolloutSpec, type World } from './world.ts';

export function strictValidation(w: World): void {
  describe('strict validation', () => {
    const strict: WriteOptions = { fieldValidation: 'Strict' };
    const warned = async (
      write: (options: WriteOptions) => Promise<unknown>,
      fieldValidation?: 'Warn' | 'Ignore',
    ): Promise<string[]> => {
      const warnings: string[] = [];
      await write({ fieldValidation, onWarning: (text) => warnings.push(w.plain(text)) });
      return warnings;
    };

    point(
      'of a create names every unknown field, in order',
      async () =>
        await w.told(
          w.create(
            ROLLOUT,
            rollout('strict-create', { zeta: 1, alpha: 2, strategy: { canary: { nope: true } } }),
            strict,
          ),
        ),
      '400 BadRequest: Rollout in version "v1alpha1" cannot be handled as a Rollout: strict decoding error: unknown field "spec.alpha", unknown field "spec.strategy.canary.nope", unknown field "spec.zeta"',
    );
    point(
      'of a create of a built-in kind',
      async () => await w.told(w.create(CONFIG_MAP, { ...configMap('strict-cm'), bogus: 1 }, strict)),
      '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus"',
    );
    point(
      'of a built-in kind names the way into lists',
      async () => {
        const ports = [{ port: 80, bogus: 1 }];
        const service = object(SERVICE, { name: 'strict-svc' }, { spec: { ports }, other: 1 });
        return await w.told(w.create(SERVICE, service, strict));
      },
      '400 BadRequest: Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.ports[0].bogus", unknown field "other"',
    );
    point(
      'reaches into metadata',
      async () =>
        await w.told(
          w.create(
            ROLLOUT,
            { ...rollout('x'), metadata: { name: 'strict-meta', bogus: 1 } as never },
            strict,
          ),
        ),
      '400 BadRequest: Rollout in version "v1alpha1" cannot be handled as a Rollout: strict decoding error: unknown field "metadata.bogus"',
    );
    point(
      'of a replace',
      async () => {
        const live = await w.make(ROLLOUT, rollout('strict-put'));
        return await w.told(w.api.replace(ROLLOUT, { ...live, spec: rolloutSpec({ bogus: 1 }) }, strict));
      },
      '400 BadRequest: Rollout in version "v1alpha1" cannot be handled as a Rollout: strict decoding error: unknown field "spec.bogus"',
    );
    point(
      'of a merge patch answers 422',
      async () => {
        await w.make(ROLLOUT, rollout('strict-merge'));
        const text = await w.told(w.merge(ROLLOUT, 'strict-merge', { spec: { bogus: 1 } }, strict));
        return [text.slice(0, 12), text.slice(text.lastIndexOf('strict decoding'))];
      },
      ['422 Invalid:', 'strict decoding error: unknown field "spec.bogus"'],
    );
    point(
      'of a JSON patch answers 422',
      async () => {
        await w.make(ROLLOUT, rollout('strict-json'));
        const body = [{ op: 'add' as const, path: '/spec/bogus', value: 1 }];
        const text = await w.told(w.patch(ROLLOUT, 'strict-json', { type: 'json', body }, strict));
        return [text.slice(0, 12), text.slice(text.lastIndexOf('strict decoding'))];
      },
      ['422 Invalid:', 'strict decoding error: unknown field "spec.bogus"'],
    );
    point(
      'of a merge patch of a built-in kind',
      async () => {
        await w.make(CONFIG_MAP, configMap('strict-cm-merge'));
        const text = await w.told(w.merge(CONFIG_MAP, 'strict-cm-merge', { bogus: 1 }, strict));
        return [text.slice(0, 12), text.slice(text.lastIndexOf('strict decoding'))];
      },
      ['422 Invalid:', 'strict decoding error: unknown field "bogus"'],
    );
    point(
      'of a strategic merge patch',
      async () => {
        await w.make(SERVICE, object(SERVICE, { name: 'strict-smp' }, { spec: { ports: [{ port: 80 }] } }));
        const patch = { type: 'strategic' as const, body: { spec: { bogus: 1 } } };
        return await w.told(w.patch(SERVICE, 'strict-smp', patch, strict));
      },
      '422 Invalid:  "" is invalid: patch: Invalid value: "map[spec:map[bogus:1]]": strict decoding error: unknown field "spec.bogus"',
    );
    point(
      'of an apply: fields that the schema of a custom resource lacks',
      async () => {
        const spec = rolloutSpec({ bogus: 1 });
        return await w.told(w.apply(ROLLOUT, 'strict-ssa', 'm1', { spec }, false, strict));
      },
      '500 InternalError: failed to create typed patch object (NS/strict-ssa; argoproj.io/v1alpha1, Kind=Rollout): .spec.bogus: field not declared in schema',
    );
    point(
      'of an apply: fields that a built-in kind lacks',
      async () =>
        await w.told(w.apply(SERVICE, 'strict-ssa-svc', 'm1', { spec: { bogus: 1 } }, false, strict)),
      '500 InternalError: failed to create typed patch object (NS/strict-ssa-svc; /v1, Kind=Service): .spec.bogus: field not declared in schema',
    );
    point(
      'an apply that is not strict refuses unknown fields of a custom resource, too',
      async () => await w.told(w.apply(ROLLOUT, 'loose-ssa', 'm1', { spec: rolloutSpec({ bogus: 1 }) })),
      '500 InternalError: failed to create typed patch object (NS/loose-ssa; argoproj.io/v1alpha1, Kind=Rollout): .spec.bogus: field not declared in schema',
    );
    point(
      'an apply takes unknown fields below what preserves them',
      async () => {
        const template = { ...podTemplate(), novel: { a: 1 } };
        const made = await w.apply(ROLLOUT, 'loose-template', 'm1', { spec: rolloutSpec({ template }) });
        return at(made, 'spec', 'template', 'novel') ?? null;
      },
      { a: 1 },
    );
    point(
      'an apply that is not strict refuses unknown fields of a built-in kind',
      async () => await w.told(w.apply(SERVICE, 'loose-ssa-svc', 'm1', { spec: { bogus: 1 } })),
      '500 InternalError: failed to create typed patch object (NS/loose-ssa-svc; /v1, Kind=Service): .spec.bogus: field not declared in schema',
    );
    point(
      'without a word is Warn for a create',
      async () =>
        await warned((options) => w.create(ROLLOUT, rollout('warn-default', { bogus: 1 }), options)),
      ['unknown field "spec.bogus"'],
    );
    point(
      'Warn for a merge patch',
      async () => {
        await w.make(ROLLOUT, rollout('warn-merge'));
        return await warned(
          (o) => w.merge(ROLLOUT, 'warn-merge', { spec: { bogus: 1, more: 2 } }, o),
          'Warn',
        );
      },
      ['unknown field "spec.bogus"', 'unknown field "spec.more"'],
    );
    point(
      'Ignore says nothing',
      async () =>
        await warned((options) => w.create(ROLLOUT, rollout('ignore', { bogus: 1 }), options), 'Ignore'),
      [],
    );
    point(
      'is one of three words',
      async () =>
        await w.told(w.create(CONFIG_MAP, configMap('strict-word'), { fieldValidation: 'Maybe' as never })),
      '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": supported values: "", "Ignore", "Strict", "Warn"',
    );
  });
}
