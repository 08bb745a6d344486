/** Questions for the Go oracle, by language; the same seed gives the same questions. */

import fc from 'fast-check';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const fields = (
  model: Record<string, fc.Arbitrary<unknown>>,
  required: string[] = [],
): fc.Arbitrary<object> => fc.record(model, { requiredKeys: required });
const keyed = (item: fc.Arbitrary<object>, key: string): fc.Arbitrary<object[]> =>
  fc.uniqueArray(item, {
    maxLength: 4,
    selector: (value) => JSON.stringify((value as Record<string, unknown>)[key] ?? value),
  });

const quantity = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '', '', '-', '+'),
      fc.oneof(
        fc.bigInt({ min: 0n, max: 2000n }),
        fc.bigInt({ min: 0n, max: 10n ** 22n }),
        fc.nat(100).map((n) => BigInt(n) * 1024n),
        fc.nat(100).map((n) => BigInt(n) * 1000n),
      ),
      fc.option(fc.stringMatching(/^[0-9]{0,12}$/)),
      fc.constantFrom(...' n u m k M G T P E Ki Mi Gi Ti Pi Ei e3 E-2 e+9 e-20 e0 E1 e x'.split(' ')),
      fc.constantFrom('', '', '', '0', '00'),
    )
    .map(
      ([sign, whole, fraction, suffix, zeros]) =>
        `${sign}${zeros}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`,
    ),
  fc.string({ unit: fc.constantFrom(...'0123456789.eEinumkKMGTP+-'), maxLength: 8 }),
);

const duration = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'0123456789.hmsnuµμ-+ x'), maxLength: 8 }),
  fc
    .array(
      fc
        .tuple(
          fc.stringMatching(/^[0-9]{0,6}$/),
          fc.option(fc.stringMatching(/^[0-9]{0,20}$/)),
          fc.constantFrom('h', 'm', 's', 'ms', 'us', 'µs', 'ns', 'd'),
        )
        .map(([whole, fraction, unit]) => `${whole}${fraction === null ? '' : `.${fraction}`}${unit}`),
      { maxLength: 3 },
    )
    .map((parts) => parts.join('')),
);

const selector = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab=!(),<> -/.1'), maxLength: 16 }),
  fc
    .array(
      fc.constantFrom(
        'a=b',
        'a==b',
        'a!=b',
        'a',
        '!a',
        'a in (b,c)',
        'a notin (c,b,)',
        'x.io/a in ()',
        'a>1',
        'a<x',
        ' a = b ',
        'in in (in)',
        'a in (b',
        '-',
        'a=-',
        'A_/b',
        'a in ((b)',
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.join(',')),
);

const scalars =
  'y n Y yes no on off TRUE True tRue ~ null Null nULL 0644 0o17 0O17 0x1f 0X1F 0b11 -0b11 +0b11 08 09.5 1_000 1__0 _1 1_ 0x_1 1:30 1:30:20 2024-01-01 1e3 1E3 1e+3 1e-3 1e999 .5 .e3 .5e1 +.5 -.5 . .. 1. +1 -1 --1 + -0 0 00 0.0 9223372036854775807 18446744073709551615 18446744073709551616 -9223372036854775808 -9223372036854775809 .inf -.inf .nan = 1Gi 0x 0b2 1.2.3 12e e3 é 0777_7 0x1p3 1e1_0 1_0.5 -.5_0 0.10 1e05 ~x -x :x a: http://x:8080/y?z=1'.split(
    ' ',
  );
const yamlText = fc.oneof(
  fc
    .constantFrom(...scalars)
    .chain((scalar) =>
      fc.constantFrom(`a: ${scalar}\n`, `- ${scalar}\n`, `a: "${scalar}"\n`, `a: !!str ${scalar}\n`),
    ),
  fc
    .array(
      fc.constantFrom(
        'a: 1\n',
        'b:\n',
        '  c: x\n',
        '- d\n',
        '  - e\n',
        'f: |\n',
        '    g\n',
        'h: >-\n',
        'i: [1, {j: k}]\n',
        'l: &x {m: 1}\n',
        'n: *x\n',
        'o: {<<: *x, p: 2}\n',
        '# q\n',
        'r: "s" # t\n',
        "u: 'v''w'\n",
        '\n',
        'x: y\n  z\n',
      ),
      { maxLength: 6 },
    )
    .map((lines) => lines.join('')),
);

const directive = (key: string): fc.Arbitrary<object> =>
  fc.record({ $patch: fc.constant('delete'), [key]: name });
const orDirective = (item: fc.Arbitrary<object>, key: string, patch: boolean): fc.Arbitrary<object> =>
  patch ? fc.oneof({ weight: 6, arbitrary: item }, directive(key)) : item;
const meta = (patch: boolean): fc.Arbitrary<object> =>
  fields({
    name,
    labels: fc.dictionary(name, patch ? fc.constantFrom('1', null) : name),
    finalizers: fc.uniqueArray(patch ? name : fc.constantFrom('a', 'b', 'e', 'f')),
    ownerReferences: keyed(fc.record({ uid: name, name }), 'uid'),
    ...(patch ? { '$deleteFromPrimitiveList/finalizers': fc.uniqueArray(fc.constantFrom('e', 'f')) } : {}),
  });
const container = (patch: boolean): fc.Arbitrary<object> =>
  fields(
    {
      name,
      image: name,
      env: keyed(
        orDirective(fields({ name, value: fc.constantFrom('1', '2') }, ['name']), 'name', patch),
        'name',
      ),
      ports: keyed(
        fields({ containerPort: fc.constantFrom(80, 81, 82), name }, ['containerPort']),
        'containerPort',
      ),
      args: fc.array(name, { maxLength: 3 }),
      resources: fields({ limits: fields({ cpu: name, memory: name }) }),
    },
    ['name'],
  );
const deployment = (patch: boolean): fc.Arbitrary<object> =>
  fields({
    metadata: meta(patch),
    spec: fields({
      replicas: patch ? fc.constantFrom(1, null) : fc.constant(2),
      strategy: fields({
        type: name,
        ...(patch
          ? { $retainKeys: fc.constantFrom(['type'], ['type', 'rollingUpdate']) }
          : { rollingUpdate: fc.constant({ maxSurge: 1 }) }),
      }),
      template: fields({
        metadata: meta(patch),
        spec: fields({
          containers: keyed(orDirective(container(patch), 'name', patch), 'name'),
          tolerations: fc.array(fields({ key: name }), { maxLength: 3 }),
          nodeSelector: fc.dictionary(name, name),
          ...(patch
            ? { '$setElementOrder/containers': fc.constant(['a', 'b', 'c', 'd'].map((n) => ({ name: n }))) }
            : {}),
        }),
      }),
    }),
  });

const arbitraries = {
  quantity,
  duration,
  selector,
  'yaml-read': yamlText,
  strategic: fc.record({
    kind: fc.constant('Deployment'),
    target: deployment(false),
    patch: deployment(true),
  }),
} as const;

export const languages = [
  'quantity',
  'duration',
  'selector',
  'yaml-read',
  'strategic',
  'pod-template-random',
] as const;
export type Language = (typeof languages)[number];

export function questions(language: Language, seed: number, count: number): unknown[] {
  // Go draws the templates itself; the question is a seed.
  if (language === 'pod-template-random')
    return Array.from({ length: count }, (_, i) => seed * 1_000_000 + i);
  const arbitrary: fc.Arbitrary<unknown> = arbitraries[language];
  const samples = fc.sample(arbitrary, { seed, numRuns: count });
  const texts = new Set(samples.map((sample) => JSON.stringify(sample)));
  return [...texts].map((text) => JSON.parse(text) as unknown);
}
