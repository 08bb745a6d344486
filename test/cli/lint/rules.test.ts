/** Every rule with its own examples, and docs/lint.md, which is written from them. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Finding, findingsIn } from '../../../src/cli/lint/findings.ts';
import { RULES } from '../../../src/cli/lint/rules/index.ts';
import type { Example, Rule } from '../../../src/cli/lint/types.ts';
import { isObject, type JsonObject } from '../../../src/lang/json.ts';
import { parseYamlDocuments } from '../../../src/lang/yaml.ts';

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => by + line)
    .join('\n');

function manifestsOf({ metric, spec, canary }: Example): string {
  const body = spec ?? `args: [{name: hash}]\nmetrics:\n- name: m\n${indent(metric ?? '', '  ')}`;
  const template = `apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: example}\nspec:\n${indent(usingHash(body), '  ')}\n`;
  if (canary === undefined) return template;
  return `${template}---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}}}\n  strategy:\n    canary:\n${indent(canary, '      ')}\n`;
}

/** Examples that need no hash don't declare it. */
const usingHash = (body: string): string =>
  body.includes('{{args.hash}}') ? body : body.replace('args: [{name: hash}]\n', '');

function findings(text: string): Finding[] {
  return findingsIn(
    parseYamlDocuments(text).map(({ value, lineOf }) => {
      assert.ok(isObject(value));
      return { manifest: value as JsonObject, file: 'f.yaml', lineOf };
    }),
  );
}

describe('rules', () => {
  for (const rule of RULES) {
    it(rule.name, () => {
      const bad = findings(manifestsOf(rule.bad));
      const own = bad.filter((finding) => finding.rule === rule.name);
      assert.ok(own.length > 0, `the bad example is found: ${JSON.stringify(bad)}`);
      for (const { severity, line, message } of own) {
        assert.equal(severity, rule.severity);
        assert.ok(line > 1, 'it has a line');
        assert.ok(message.length > 20);
      }
      assert.deepEqual(findings(manifestsOf(rule.good)), [], 'no rule finds anything in the good example');
    });
  }

  it('have names of their own, and at least one way to be written', () => {
    assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length);
    for (const { name, summary } of RULES) {
      assert.match(name, /^[a-z]+(-[a-z]+)+$/);
      assert.match(summary, /[.]$/);
    }
  });

  it('stand in docs/lint.md, which UPDATE_GOLDEN=1 writes', () => {
    const file = new URL('../../../docs/lint.md', import.meta.url);
    const text = readFileSync(file, 'utf8');
    const [before = '', , after = ''] = text.split(/(<!-- rules -->[^]*<!-- end of rules -->)/);
    const written = `${before}<!-- rules -->\n\n${RULES.map(ruleText).join('\n')}\n<!-- end of rules -->${after}`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, written);
    assert.equal(readFileSync(file, 'utf8'), written);
  });
});

function ruleText({ name, severity, summary, bad, good }: Rule): string {
  const shown = ({ metric, spec, canary }: Example): string =>
    [metric ?? spec, canary].filter((part) => part !== undefined).join('\n---\n');
  return `### ${name}\n\n*${severity}.* ${summary}\n\n\`\`\`yaml\n# not\n${shown(bad)}\n# but\n${shown(good)}\n\`\`\`\n`;
}
