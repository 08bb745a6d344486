import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { analysisTemplateSchema } from '../../src/api/analysis.ts';
import { decode } from '../../src/api/decode.ts';
import { rolloutSchema } from '../../src/api/rollout.ts';
import { GATE, NAMESPACE, OVERLAY, REPLICAS, repositoryFiles } from '../../src/demo/manifests.ts';
import { DemoRepository, GitFailed } from '../../src/demo/repository.ts';
import { notImplemented } from '../../src/plan/rollout/not-implemented.ts';
import { validateRollout } from '../../src/plan/rollout/validate.ts';
import { parseYaml } from '../../src/lang/yaml.ts';
import { dig } from '../../src/demo/world.ts';

describe('the repository of the demo', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  const git = (repository: DemoRepository, ...args: string[]): string =>
    execFileSync('git', ['--git-dir', fileURLToPath(repository.url), ...args], { encoding: 'utf8' }).trim();

  it('is bare, takes commits and reverts', async () => {
    const repository = await DemoRepository.create(directory);
    const first = await repository.commit('one', repositoryFiles({ version: 'v2', speed: 1 }));
    const bad = await repository.commit('two', repositoryFiles({ version: 'v3', bad: true, speed: 1 }));
    assert.equal(git(repository, 'rev-parse', '--is-bare-repository'), 'true');
    assert.equal(git(repository, 'rev-parse', 'main'), bad);
    assert.match(git(repository, 'show', `main:${OVERLAY}/kustomization.yaml`), /newTag: v3/);
    const reverted = await repository.revert(bad);
    assert.notEqual(reverted, first);
    assert.equal(git(repository, 'rev-parse', 'main'), reverted);
    assert.equal(git(repository, 'diff', first, reverted), '');
    await repository.remove();
  });

  it('says what git said', async () => {
    await assert.rejects(
      DemoRepository.create(join(directory, 'nowhere', 'at', 'all')),
      (error: unknown) => error instanceof GitFailed,
    );
    const repository = await DemoRepository.create(directory);
    await assert.rejects(repository.revert('0'.repeat(40)), /git revert failed: .*bad object/);
  });
});

describe('the manifests of the demo', () => {
  for (const speed of [0.1, 1, 10]) {
    it(`are valid at speed ${speed}`, () => {
      const files = repositoryFiles({ version: 'v2', speed });
      const [manifest] = parseYaml(files.get('base/rollout.yaml') ?? '');
      const rollout = decode(rolloutSchema, manifest);
      assert.ok(rollout.ok, JSON.stringify(rollout));
      assert.deepEqual(validateRollout(rollout.value), []);
      assert.deepEqual(notImplemented(rollout.value), []);
      assert.equal(rollout.value.spec.replicas, REPLICAS);
      const [gate] = parseYaml(files.get('base/gate.yaml') ?? '');
      const template = decode(analysisTemplateSchema, gate);
      assert.ok(template.ok, JSON.stringify(template));
      assert.equal(template.value.metadata.name, GATE);
    });
  }

  it('differ between a good and a bad version in the overlay only', () => {
    const good = repositoryFiles({ version: 'v2', speed: 1 });
    const bad = repositoryFiles({ version: 'v3', bad: true, speed: 1 });
    const changed = [...bad].filter(([path, text]) => good.get(path) !== text).map(([path]) => path);
    assert.deepEqual(changed, [`${OVERLAY}/kustomization.yaml`, `${OVERLAY}/bad.yaml`]);
    const [overlay] = parseYaml(bad.get(`${OVERLAY}/kustomization.yaml`) ?? '');
    assert.equal(dig(overlay, 'namespace'), NAMESPACE);
  });
});
