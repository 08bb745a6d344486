import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { checkCondition, evaluateConditions } from '../../../src/lang/condition.ts';
import { ExpressionError, compileExpression } from '../../../src/lang/expr/index.ts';
import { JsonPathError, compileJsonPath } from '../../../src/lang/jsonpath.ts';
import type { Json } from '../../../src/lang/json.ts';
import { RegexpError, compileRegexp } from '../../../src/lang/regexp.ts';

const nowMs = Date.UTC(2026, 0, 1);

/** Pieces that make up expressions, so that many of them get far. */
const PIECES =
  'result . ?. ?? [ ] ( ) { } , : ; ? # #acc #index + - * / % ** .. < > <= >= == != && || ! not in and or let x = if else nil true false 0 1 2.5 1e400 99999999999999999999 "a" \'b\' `c` b"d" all any map filter count sum reduce sortBy groupBy find findLast len max keys toPairs fromPairs sort split repeat fromJSON date duration now asInt $env __proto__ constructor | contains matches "(a+)+$" // /* @ \\ \u{1F600}'.split(
    ' ',
  );
const soup = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 30 })
  .chain((pieces) => fc.constantFrom(pieces.join(' '), pieces.join('')));
const value: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

describe('fuzz', () => {
  it('answers every condition with a phase', () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 60 })), value, (source, result) => {
        const started = performance.now();
        const { phase, error } = evaluateConditions({
          result,
          resultType: 'json',
          successCondition: source,
          nowMs,
        });
        assert.ok(['Successful', 'Failed', 'Error'].includes(phase));
        assert.equal(phase === 'Error', error !== undefined);
        assert.ok(performance.now() - started < 3000);
      }),
      { numRuns: 3000 },
    );
  });

  it('finds a place for every fault', () => {
    fc.assert(
      fc.property(soup, (source) => {
        const fault = checkCondition(source);
        if (fault === undefined) return;
        assert.ok(fault.message.length > 0);
        assert.ok(fault.position.offset >= 0 && fault.position.offset <= source.length);
        assert.ok(fault.position.line >= 1 && fault.position.column >= 1);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds paths or gives a JsonPathError', () => {
    const piece = fc.constantFrom(
      ...'{ } $ @ . .. * [ ] [?( )] [*] [0] [-1] [1:2] [::2] , : \' " a b items name == < > range end 1 1.5 true \\ }{ __proto__ constructor é'.split(
        ' ',
      ),
      ' ',
    );
    const path = fc.array(piece, { maxLength: 20 }).map((pieces) => `{${pieces.join('')}}`);
    fc.assert(
      fc.property(fc.oneof(path, fc.string({ maxLength: 40 })), value, (text, body) => {
        try {
          const compiled = compileJsonPath(text);
          compiled.find(body);
          compiled.print(body);
        } catch (error) {
          assert.ok(error instanceof JsonPathError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('compiles patterns or gives a RegexpError', () => {
    const piece = fc.constantFrom(
      ...'a b . * + ? {2} {1,3} ( ) (?: (?i) (?P<n> [ ] [^ - | ^ $ \\d \\w \\b \\pL \\p{Greek} \\x{41} \\Q \\E [:alpha:] \\ é'.split(
        ' ',
      ),
    );
    const pattern = fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(
        fc.oneof(pattern, fc.string({ maxLength: 30 })),
        fc.string({ maxLength: 50 }),
        (source, text) => {
          try {
            assert.equal(typeof compileRegexp(source).test(text), 'boolean');
          } catch (error) {
            assert.ok(error instanceof RegexpError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

const evaluate = (source: string, result: Json): string => {
  const { phase, error } = evaluateConditions({
    result,
    resultType: 'json',
    successCondition: source,
    nowMs,
  });
  return error ?? phase;
};

describe('prototypes', () => {
  it('are out of reach by member, index, get, key and path', () => {
    for (const name of [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'valueOf',
      'length',
    ]) {
      for (const source of [
        `result.${name} == nil`,
        `result["${name}"] == nil`,
        `get(result, "${name}") == nil`,
      ]) {
        assert.equal(evaluate(source, {}), 'Successful', source);
      }
      assert.equal(evaluate(`"${name}" in result`, {}), 'Failed');
      assert.match(evaluate(`${name} == nil`, {}), /unknown name/);
      assert.match(evaluate(`result.a.${name} == nil`, { a: [1] }), /int\(string\)/);
      assert.throws(() => compileJsonPath(`{.${name}}`).find({ a: 1 }), JsonPathError);
      assert.deepEqual(compileJsonPath(`{.items[?(@.${name})]}`).find({ items: [{ a: 1 }] }), [[]]);
    }
  });

  it('stay as they are when a key has their name', () => {
    const body = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 5}') as Json;
    assert.equal(evaluate('result.__proto__.polluted and result.constructor == 5', body), 'Successful');
    assert.equal(evaluate('{"__proto__": {"polluted": true}}.__proto__.polluted', 1), 'Successful');
    assert.equal(evaluate('fromJSON("{\\"__proto__\\": 1}")["__proto__"] == 1', 1), 'Successful');
    assert.equal(evaluate('fromPairs([["__proto__", 1]])["__proto__"] == 1', 1), 'Successful');
    assert.equal((Object.prototype as { polluted?: boolean }).polluted, undefined);
  });
});

const fails = (source: string, pattern: RegExp, env = new Map()): void => {
  const started = performance.now();
  assert.throws(
    () => compileExpression(source, env).run(env, nowMs),
    (error) => {
      assert.ok(error instanceof ExpressionError, String(error));
      assert.match(error.message, pattern);
      return true;
    },
  );
  assert.ok(performance.now() - started < 5000, `${source.slice(0, 40)} took too long`);
};

describe('budgets', () => {
  it('bound memory as Go does', () => {
    fails('1..1000000', /memory budget exceeded/);
    fails('map(1..900, map(1..900, map(1..900, 1)))', /memory budget exceeded/);
    fails('repeat("abcdefghij", 999999)', /memory budget exceeded/);
  });

  it('bound steps', () => {
    fails('all(1..9000, all(1..900, # >= 0))', /memory budget|steps/);
    fails('let l = 1..900; all(l, all(l, all(l, # + 1 > 0)))', /steps/);
    fails('let l = 1..100000; len(uniq(l)) > 0', /steps/);
    fails('len(reduce(1..100000, #acc + string(#acc), "x"))', /steps|memory/);
    fails('reduce(1..60, #acc + #acc, "xxxxxxxxxxxxxxxx")', /steps|memory/);
  });

  it('bound size and nesting', () => {
    fails('('.repeat(5000), /nests deeper/);
    fails(`${'['.repeat(5000)}1`, /nests deeper/);
    fails('-'.repeat(5000), /nests deeper/);
    fails(Array.from({ length: 3000 }, () => '1').join(' + '), /nests deeper/);
    fails(`${'not '.repeat(3000)}true`, /nests deeper/);
    fails(`[${'1,'.repeat(20_000)}1]`, /maximum allowed nodes/);
    fails('1'.repeat(70_000), /longer than/);
    let chain = '1';
    for (let i = 0; i < 60; i += 1) chain = `(1 < ${chain} < 2 ? 1 : 1)`;
    fails(chain, /too large/);
  });

  it('bound the depth of a result', () => {
    let result: Json = 1;
    for (let i = 0; i < 2000; i += 1) result = [result];
    const outcome = evaluateConditions({
      result,
      resultType: 'json',
      successCondition: 'len(result) == 1',
      nowMs,
    });
    assert.equal(outcome.phase, 'Error');
  });
});
