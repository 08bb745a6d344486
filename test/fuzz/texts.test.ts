/** Everything that reads text: it answers or throws its own error, in bounded time, and never touches a prototype. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags } from '../../src/cli/args/flags.ts';
import { GitError } from '../../src/git/errors.ts';
import { checkRevision } from '../../src/git/revision.ts';
import { joinInside } from '../../src/git/tree.ts';
import { parseRepositoryUrl } from '../../src/git/url.ts';
import { KubeconfigError, parseKubeconfig } from '../../src/kube/kubeconfig-file.ts';
import { checkCondition, evaluateConditions, evaluateTimeExpression } from '../../src/lang/condition.ts';
import { DurationError, parseDuration } from '../../src/lang/duration.ts';
import { parseFieldSelector } from '../../src/lang/field-selector.ts';
import { imageTag } from '../../src/lang/image.ts';
import { compileJsonPath, JsonPathError, measureBody } from '../../src/lang/jsonpath.ts';
import { canonicalQuantity, QuantityError } from '../../src/lang/quantity.ts';
import { compileRegexp, RegexpError } from '../../src/lang/regexp.ts';
import { parseSelector, SelectorError } from '../../src/lang/selector.ts';
import { substituteArgs, TemplateArgsError } from '../../src/lang/template-args.ts';
import { parseTime } from '../../src/lang/time.ts';
import { parseYaml, printYaml, YamlError } from '../../src/lang/yaml.ts';
import { JsonDepthError, parseBoundedJson } from '../../src/providers/http/json.ts';
import { PromqlError } from '../../src/sandbox/metrics/promql/errors.ts';
import { parsePromql } from '../../src/sandbox/metrics/promql/parse.ts';
import { fuzz, mutateText } from './mutate.ts';

interface Reader {
  readonly samples: readonly string[];
  readonly read: (text: string) => unknown;
  /** The only ways to refuse. */
  readonly refuses: readonly (abstract new (...args: never[]) => Error)[];
}

const READERS: Readonly<Record<string, Reader>> = {
  YAML: {
    samples: [
      'apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app: "web"}}\nspec:\n  ports:\n    - port: 80\n---\na: &x [1, 2.5, ~]\nb: *x\nc: |\n  text\n  more\n',
      'a: 0o17\nb: yes\nc: 1_000\nd: !!str 1\ne: &e {f: 1}\ng: {<<: *e}\n',
    ],
    read: (text) => parseYaml(text).map((document) => printYaml(document as never)),
    refuses: [YamlError],
  },
  'a condition': {
    samples: [
      'len(result) > 0 && all(result, # < 0.05) || isNaN(result[0])',
      'let x = result.data?.rate ?? 0; x >= 0.95 and not (x in [1, 2]) ? true : result matches "^a+$"',
    ],
    read: (text) => checkCondition(text),
    refuses: [],
  },
  'a time expression': {
    samples: ['now() - duration("1h30m")', 'date("2026-01-01T00:00:00Z")'],
    read: (text) => evaluateTimeExpression(text, 0),
    refuses: [Error],
  },
  JSONPath: {
    samples: [
      '{$.data.items[*].value}',
      '{range .data.items[?(@.a > 1.5)]}{.b}{"\\n"}{end}',
      "{$['a']['b'][1:3]}",
    ],
    read: (text) =>
      compileJsonPath(text).find({ a: { b: [1, 2, 3] }, data: { items: [{ value: 1, a: 2, b: 'x' }] } }),
    refuses: [JsonPathError],
  },
  'the body of an answer': {
    samples: [
      '{"data":{"rate":0.97,"items":[1,2,null]}}',
      '{"data":{"rate":[[1],{"a":"\\u0000"}]}}',
      'plain text',
    ],
    read: (text) => measureBody(text, '{$.data.rate}'),
    refuses: [JsonPathError],
  },
  'bounded JSON': {
    samples: ['{"a":[1,{"b":"\\u00e9"}],"c":-1.5e3}'],
    read: (text) => parseBoundedJson(text),
    refuses: [SyntaxError, JsonDepthError],
  },
  'a regular expression': {
    samples: ['^(?:5..|4[0-9]{2})$', '(?i)a(b|c)*?[^\\d\\pL]\\x{41}+'],
    read: (text) => compileRegexp(text).test('aaaaaaaaaaaaaaaaaaaaaaaaaaaab 503'),
    refuses: [RegexpError],
  },
  'a quantity': {
    samples: ['100m', '1.5Gi', '2e3', '-0.1k'],
    read: canonicalQuantity,
    refuses: [QuantityError],
  },
  'a duration': {
    samples: ['1h30m', '1.5s', '-2µs', '300ms'],
    read: parseDuration,
    refuses: [DurationError],
  },
  'a time': {
    samples: ['2026-01-01T12:00:00Z', '2026-01-01T12:00:00.123456+01:00'],
    read: parseTime,
    refuses: [],
  },
  'a label selector': {
    samples: ['app=web,tier in (a, b),!x,y notin (c)'],
    read: parseSelector,
    refuses: [SelectorError],
  },
  'a field selector': {
    samples: ['metadata.name=web,status.phase!=Running'],
    read: parseFieldSelector,
    refuses: [SelectorError],
  },
  'an image': { samples: ['registry.example.com:5000/team/app:v1@sha256:abc'], read: imageTag, refuses: [] },
  'template arguments': {
    samples: ['rate{job="{{args.service}}"} > {{ args.limit }}'],
    read: (text) => substituteArgs(text, (name) => (['service', 'limit'].includes(name) ? 'web' : undefined)),
    refuses: [TemplateArgsError],
  },
  'a repository URL': {
    samples: [
      'https://user:pw@git.example.com/team/app.git',
      'git@git.example.com:team/app',
      'ssh://git@[::1]:22/a',
    ],
    read: (text) => parseRepositoryUrl(text, { allowFile: false }),
    refuses: [GitError],
  },
  'a revision': {
    samples: ['main', 'v1.2.3', 'feature/a-b', '0123456789abcdef0123456789abcdef01234567'],
    read: checkRevision,
    refuses: [GitError],
  },
  'a path inside a repository': {
    samples: ['apps/web/../base/kustomization.yaml', './a//b'],
    read: (text) => joinInside('apps', text),
    refuses: [],
  },
  'a kubeconfig': {
    samples: [
      'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: YQ==}}]\nusers: [{name: u, user: {token: t, exec: {command: x, args: [a]}}}]\ncontexts: [{name: a, context: {cluster: c, user: u, namespace: n}}]\n',
    ],
    read: (text) => parseKubeconfig(text, 'config'),
    refuses: [KubeconfigError],
  },
  PromQL: {
    samples: [
      'sum by (code) (rate(requests_total{job="web",code=~"5.."}[5m])) / on() sum(x offset 1m) > bool 0.05',
    ],
    read: parsePromql,
    refuses: [PromqlError],
  },
  'the command line': {
    samples: ['get rollout web -n shop --watch=true -o json -- x'],
    read: (text) =>
      parseFlags(text.split(' '), [
        { name: 'namespace', short: 'n', type: 'text', description: '' },
        { name: 'watch', type: 'boolean', description: '' },
        { name: 'output', short: 'o', type: 'text', description: '' },
      ] as never),
    refuses: [Error],
  },
};

const MOST_MS = 1_500;
const prototypes = (): string =>
  [Object.prototype, Array.prototype, Function.prototype]
    .map((item) => Object.getOwnPropertyNames(item).join())
    .join(' ');

describe('fuzz: texts', () => {
  for (const [name, { samples, read, refuses }] of Object.entries(READERS)) {
    it(`${name}: samples are read`, () => {
      for (const sample of samples) assert.doesNotThrow(() => read(sample), sample);
    });

    it(`${name}: damaged ones are read or refused`, () => {
      const before = prototypes();
      fuzz(400, (d) => {
        const text = mutateText(d.pick(samples), d);
        const begun = performance.now();
        try {
          read(text);
        } catch (error) {
          // A stack that ran over, an unknown member: mistakes of ours, whatever class is allowed.
          const isOurs =
            error instanceof RangeError || error instanceof TypeError || error instanceof ReferenceError;
          assert.ok(
            !isOurs && refuses.some((kind) => error instanceof kind),
            `${JSON.stringify(text.slice(0, 300))}: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
          );
        }
        const took = performance.now() - begun;
        assert.ok(took < MOST_MS, `${took} ms for ${JSON.stringify(text.slice(0, 300))}`);
      });
      assert.equal(prototypes(), before);
    });
  }

  it('no condition, path or template reaches what belongs to the language it is written in', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])
      assert.throws(() => compileJsonPath(`{$.${name}}`).find({ a: 1 }), JsonPathError, name);
    for (const source of [
      'result.__proto__ == nil',
      'result.constructor == nil',
      '$env.constructor == nil',
    ]) {
      const { phase } = evaluateConditions({
        result: { a: 1 },
        resultType: 'json',
        successCondition: source,
        nowMs: 0,
      });
      assert.notEqual(phase, 'Failed', source);
    }
  });
});
