/** The list of controllers that `--controllers` picks from. Each is loaded only when it is asked for. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ControlContext, Controller } from '../control/controller.ts';
import type { Metrics } from '../control/metrics.ts';
import type { HttpApi } from '../kube/http/index.ts';
import { FlagError, type Flags } from './flags.ts';

export interface Parts {
  readonly flags: Flags;
  readonly api: HttpApi;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: () => number;
  readonly metrics: Pick<Metrics, 'finished'>;
  /** Paths of fields that the installed CRD of Rollouts drops. */
  readonly prunedFields: readonly string[];
}

export type ControllerFactory = (context: ControlContext) => Controller;

export const CONTROLLERS: Readonly<Record<string, (parts: Parts) => Promise<ControllerFactory>>> = {
  async rollouts({ flags, metrics, prunedFields }) {
    const { rolloutController } = await import('../control/rollout/index.ts');
    return (context) => ({
      ...rolloutController(context, {
        statusForm: flags.text('observed-generation') === 'int' ? 'int' : 'string',
        prunedFields,
        onFinished: (update) => metrics.finished(update),
      }),
      workers: flags.number('rollout-threads') ?? 10,
    });
  },

  async services({ flags }) {
    const { serviceController } = await import('../control/rollout/services.ts');
    return (context) => serviceController(context, { workers: flags.number('service-threads') ?? 10 });
  },

  async analysis({ flags, env, random }) {
    const { analysisController } = await import('../control/analysis/index.ts');
    const { createHttpClient } = await import('../providers/http/client.ts');
    const { createAxiosTransport } = await import('../providers/http/transport.ts');
    const { rules, plugins } = await measurementTargets(flags, env);
    const http = createHttpClient({ random, transport: createAxiosTransport({ rules }) });
    const workers = flags.number('analysis-threads');
    const evidence = flags.text('evidence') === 'strict' ? 'strict' : 'stock';
    return (context) => analysisController(context, { http, env, plugins, workers, evidence });
  },

  async sync({ flags, api }) {
    const { applicationController } = await import('../control/sync/index.ts');
    const { parseAccount } = await import('../plan/sync/account.ts');
    const { SystemGit } = await import('../git/repository.ts');
    const git = new SystemGit({
      cacheDirectory: flags.text('git-cache') ?? temporaryDirectory(),
      allowFile: flags.on('allow-file-repos'),
    });
    const render = { kustomizeBinary: flags.text('kustomize-binary') };
    const defaultAccount = flags.text('default-service-account') ?? '';
    if (defaultAccount !== '' && parseAccount(defaultAccount) === undefined)
      throw new FlagError(
        `flag --default-service-account needs NAME or NAMESPACE:NAME, not ${JSON.stringify(defaultAccount)}`,
      );
    return (context) =>
      applicationController(context, {
        api,
        git,
        render,
        ownsAll: flags.on('own-all-applications'),
        impersonate: (user) => api.impersonate({ user }),
        defaultAccount,
        requiresAccount: flags.on('require-service-account'),
      });
  },
};

/** Where measurements may go, and where plugins listen. */
async function measurementTargets(flags: Flags, env: Parts['env']) {
  const { destinationRules, DestinationRuleError } = await import('../providers/http/destinations.ts');
  const { pluginEndpoints, PluginEndpointError } = await import('../providers/plugin/endpoints.ts');
  const entries = (flag: string): string[] => (flags.list(flag) ?? []).filter((entry) => entry !== '');
  try {
    return {
      rules: destinationRules({
        allow: entries('analysis-allow-hosts'),
        deny: entries('analysis-deny-hosts'),
      }),
      plugins: pluginEndpoints(entries('metric-plugins'), env),
    };
  } catch (error) {
    if (error instanceof DestinationRuleError)
      throw new FlagError(`flag --analysis-allow-hosts or --analysis-deny-hosts: ${error.message}`);
    if (error instanceof PluginEndpointError) throw new FlagError(`flag --metric-plugins: ${error.message}`);
    throw error;
  }
}

/** For mirrors of repositories; goes with the process. */
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-git-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
