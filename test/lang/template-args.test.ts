import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TemplateArgsError, substituteArgs, substituteArgsInJson } from '../../src/lang/template-args.ts';

const values = new Map([
  ['svc', 'web'],
  ['limit', '0.95'],
  ['quote', 'a"b\\c\n<&>'],
  ['tag', '{{args.svc}}'],
  ['', 'empty name'],
]);
const lookup = (name: string): string | undefined => values.get(name);

describe('substituteArgs', () => {
  it('replaces tags, inner space trimmed', () => {
    assert.equal(substituteArgs('http://{{args.svc}}.ns/{{ args.limit }}', lookup), 'http://web.ns/0.95');
    assert.equal(substituteArgs('{{args.svc}}{{args.svc}}}}', lookup), 'webweb}}');
    assert.equal(substituteArgs('plain } { text', lookup), 'plain } { text');
  });

  it('does not look into values', () => assert.equal(substituteArgs('{{args.tag}}', lookup), '{{args.svc}}'));

  it('names the tag that it cannot resolve', () => {
    for (const tag of [
      'args.nope',
      'svc',
      '',
      ' args.svc | upper ',
      'inputs.x',
      'args',
      'args.constructor',
    ]) {
      assert.throws(() => substituteArgs(`x {{${tag}}}`, lookup), {
        message: `failed to resolve {{${tag}}}`,
      });
    }
    assert.throws(
      () => substituteArgs('x {{ args.svc', lookup),
      /^TemplateArgsError: failed to resolve \{\{ args.svc: .*not closed/,
    );
  });
});

describe('substituteArgsInJson', () => {
  it('replaces in every string and key and keeps the structure', () => {
    const metric = {
      name: '{{args.svc}}-m',
      count: '{{args.limit}}',
      interval: 5,
      provider: { plugin: { '{{args.svc}}': [{ q: '{{args.quote}}' }, null, true] } },
    };
    assert.deepEqual(substituteArgsInJson(metric, lookup), {
      name: 'web-m',
      count: '0.95',
      interval: 5,
      provider: { plugin: { web: [{ q: 'a"b\\c\n<&>' }, null, true] } },
    });
    assert.equal(metric.name, '{{args.svc}}-m');
  });

  it('fails with TemplateArgsError only', () => {
    assert.throws(() => substituteArgsInJson({ a: ['{{args.no}}'] }, lookup), TemplateArgsError);
    let deep: unknown[] = [];
    for (let i = 0; i < 2000; i += 1) deep = [deep];
    assert.throws(() => substituteArgsInJson(deep as never, lookup), TemplateArgsError);
  });
});
