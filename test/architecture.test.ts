/**
 * The house of docs/architecture.md as a test: which room may import which, which rooms may use npm packages or
 * Node, and what the pure rooms must not contain. A failure prints the chain of imports that breaks the rule.
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Room {
  /** Rooms, or path prefixes inside `src`, that may be imported. */
  readonly from: readonly string[];
  /** npm packages that may be imported. Built-in modules of Node count as `node:`. */
  readonly packages: readonly string[];
  readonly pure?: true;
}

/** The interface part of `kube`: no implementation behind it. */
const KUBE_INTERFACE = ['kube/api', 'kube/clock', 'kube/kinds', 'kube/store'];

const ROOMS: Readonly<Record<string, Room>> = {
  lang: { from: [], packages: ['yaml'], pure: true },
  api: { from: ['lang'], packages: ['zod'], pure: true },
  plan: { from: ['api', 'lang'], packages: [], pure: true },
  kube: { from: ['lang'], packages: ['node:', '@kubernetes/client-node', 'undici'] },
  routers: { from: ['api', 'lang', ...KUBE_INTERFACE], packages: [] },
  providers: { from: ['api', 'lang', ...KUBE_INTERFACE], packages: ['node:', 'axios', 'cockatiel'] },
  git: { from: ['api', 'lang'], packages: ['node:'] },
  control: {
    from: ['lang', 'api', 'plan', 'kube', 'routers', 'providers', 'git'],
    packages: ['node:', 'pino', 'prom-client'],
  },
  cli: {
    from: ['lang', 'api', 'plan', 'kube', 'providers', 'control/rollout/gather-once'],
    packages: ['node:', '@prometheus-io/lezer-promql', '@lezer/common'],
  },
  dashboard: { from: ['api', 'lang', 'plan', 'kube'], packages: ['node:'] },
  sandbox: {
    from: ['lang', ...KUBE_INTERFACE],
    packages: ['node:', '@prometheus-io/lezer-promql', '@lezer/common', '@lezer/lr'],
  },
  demo: { from: ['lang', 'api', 'kube'], packages: ['node:'] },
  bin: {
    from: [
      'lang',
      'api',
      'plan',
      'kube',
      'routers',
      'providers',
      'git',
      'control',
      'cli',
      'dashboard',
      'sandbox',
      'demo',
    ],
    packages: ['node:', 'esbuild', 'pino'],
  },
};

/** What a pure room must not contain, and why. */
const IMPURE: readonly [RegExp, string][] = [
  [/\bDate\.now\s*\(|\bnew Date\s*\(\s*\)/, 'reads the clock: take `now` as an input'],
  [/\bMath\.random\s*\(|\brandomUUID\s*\(/, 'uses randomness'],
  [/\basync\b(?=\s*(?:function|\(|[A-Za-z_$][\w$]*\s*(?:=>|\()))|\bawait\s/, 'is asynchronous'],
  [/\bsetTimeout\s*\(|\bsetInterval\s*\(|\bsetImmediate\s*\(/, 'sets a timer'],
  [/\bconsole\.\w+\s*\(|\bprocess\.\w+/, 'talks to the process'],
];

interface Import {
  readonly target: string;
  readonly line: number;
}

const stripComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, '$1');

function importsOf(file: string): Import[] {
  const text = stripComments(readFileSync(join(root, file), 'utf8'));
  const pattern =
    /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*(['"])([^'"\n]+)\1|^\s*import\s+(['"])([^'"\n]+)\3|\bimport\s*\(\s*(['"])([^'"\n]+)\5/gm;
  return [...text.matchAll(pattern)].map((match) => {
    const name = match[2] ?? match[4] ?? match[6] ?? '';
    const line = text.slice(0, match.index).split('\n').length;
    return { target: name.startsWith('.') ? normalize(join(dirname(file), name)) : name, line };
  });
}

const files = globSync('src/**/*.{ts,mts}', { cwd: root })
  .map((file) => file.replaceAll('\\', '/'))
  .sort();
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const roomOf = (file: string): string => file.split('/')[1] ?? '';

function isAllowed(room: Room, own: string, target: string): boolean {
  if (!target.startsWith('src/')) {
    const packages = room.packages.some((name) =>
      name === 'node:' ? target.startsWith('node:') : target === name || target.startsWith(`${name}/`),
    );
    return packages;
  }
  if (roomOf(target) === own) return true;
  const inside = target.slice('src/'.length).replace(/\.m?ts$/, '');
  return room.from.some((prefix) => inside === prefix || inside.startsWith(`${prefix}/`));
}

/** The shortest chain of imports from an entry point to `file`, for the message. */
function chainTo(file: string): string[] {
  const queue = files.filter((entry) => roomOf(entry) === 'bin').map((entry) => [entry]);
  const seen = new Set(queue.flat());
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const last = path.at(-1) ?? '';
    if (last === file) return path;
    for (const { target } of imports.get(last) ?? []) {
      if (target.startsWith('src/') && !seen.has(target)) {
        seen.add(target);
        queue.push([...path, target]);
      }
    }
  }
  return [file];
}

describe('architecture', () => {
  it('has a rule for every room', () => {
    const unknown = [...new Set(files.map(roomOf))].filter((room) => ROOMS[room] === undefined);
    assert.deepEqual(unknown, [], 'rooms in src without a rule here');
  });

  it('imports only in the directions of docs/architecture.md', () => {
    const broken: string[] = [];
    for (const [file, list] of imports) {
      const own = roomOf(file);
      const room = ROOMS[own];
      if (room === undefined) continue;
      for (const { target, line } of list) {
        if (!isAllowed(room, own, target))
          broken.push([...chainTo(file), `${target}  (${file}:${line})`].join('\n    -> '));
      }
    }
    assert.equal(broken.length, 0, `forbidden imports:\n\n  ${broken.join('\n\n  ')}\n`);
  });

  it('keeps lang, api and plan free of clocks, randomness, timers, processes and promises', () => {
    const broken: string[] = [];
    for (const file of files) {
      if (ROOMS[roomOf(file)]?.pure !== true) continue;
      stripComments(readFileSync(join(root, file), 'utf8'))
        .split('\n')
        .forEach((line, index) => {
          for (const [pattern, why] of IMPURE) {
            if (pattern.test(line.replace(/(['"`])(?:\\.|(?!\1).)*\1/g, "''"))) {
              broken.push(`${file}:${index + 1} ${why}: ${line.trim()}`);
            }
          }
        });
    }
    assert.deepEqual(broken, []);
  });

  it('sees every kind of import', () => {
    const seen = imports.get('src/bin/sluice.main.ts')?.map(({ target }) => target) ?? [];
    assert.ok(seen.includes('src/bin/lifetime.ts'), 'a static import');
    assert.ok(seen.includes('src/bin/demo.ts'), 'a dynamic import');
  });

  it('finds a forbidden import when there is one', () => {
    const plan = ROOMS['plan'];
    assert.ok(plan !== undefined);
    assert.equal(isAllowed(plan, 'plan', 'src/kube/watch.ts'), false);
    assert.equal(isAllowed(plan, 'plan', 'node:fs'), false);
    assert.equal(isAllowed(plan, 'plan', 'src/lang/json.ts'), true);
  });
});
