/** `sluice controller`: reads flags, composes, runs until SIGTERM. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '../control/controller.ts';
import { type Endpoint, type Pages, servePages, textPage } from '../control/health.ts';
import { createLog, type LogFormat, type LogLevel } from '../control/log.ts';
import { type LeaderElectionSettings, Manager } from '../control/manager.ts';
import { Metrics } from '../control/metrics.ts';
import { objectGauges } from '../control/object-metrics.ts';
import { customResourceDefinitions } from '../api/crd.ts';
import { ApiError, apiVersionOf, type KubeApi, isNotFound } from '../kube/api.ts';
import { sleep, systemClock } from '../kube/clock.ts';
import { createHttpApi, type HttpApi } from '../kube/http/index.ts';
import { APPLICATION, NAMESPACE, ROLLOUT } from '../kube/kinds.ts';
import { type Connection, KubeconfigError, loadConnection, podNamespace } from '../kube/kubeconfig.ts';
import {
  ARGO_ROLLOUTS_LEASE,
  findOtherController,
  IDENTITY_PREFIX,
  leaseName,
  mayCreateLeases,
  visibleLeases,
} from '../kube/other-controller.ts';
import { schemaGaps } from '../kube/served-schema.ts';
import type { JsonObject } from '../lang/json.ts';
import { CONTROLLER_FLAGS } from './controller-flags.ts';
import { CONTROLLERS } from './controllers.ts';
import { describeFlags, FlagError, type Flags, parseFlags } from './flags.ts';
import { abortOnSignals } from './signals.ts';
import { version } from './version.ts';

const LEASE = 'sluice-controller-lock';
/** The syncer alone is a deployment of its own, beside the controller and in its namespace. */
const SYNCER_LEASE = 'sluice-syncer-lock';
const DEFAULT_NAMESPACE = 'argo-rollouts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;

/** Resolves with the exit code: 0 after a graceful stop, 1 for wrong flags, no cluster, or a lost lease. */
export async function controllerCommand(argv: string[]): Promise<number> {
  let flags: Flags;
  try {
    flags = parseFlags('sluice controller', CONTROLLER_FLAGS, argv);
    if (flags.on('help')) {
      console.log(usage());
      return EXIT_OK;
    }
    if (flags.on('version')) {
      console.log(version());
      return EXIT_OK;
    }
    if (flags.rest.length > 0) throw new FlagError(`unexpected argument "${flags.rest[0]}"`);
    return await runController(flags);
  } catch (error) {
    if (!(error instanceof FlagError || error instanceof KubeconfigError || error instanceof StartError))
      throw error;
    console.error(`Error: ${error.message}`);
    return EXIT_FAILED;
  }
}

/** Something outside is in the way of starting; the message says what, and what to do. */
class StartError extends Error {
  override readonly name = 'StartError';
}

async function runController(flags: Flags): Promise<number> {
  const picked = pickedControllers(flags);
  const log = createLog({
    level: levelOf(flags.text('loglevel') ?? 'info'),
    format: (flags.text('logformat') ?? 'text') as LogFormat,
  });
  const connection = await loadConnection(connectionFlags(flags));
  const clock = systemClock;
  const random = Math.random;
  const metrics = new Metrics({
    clock,
    build: { version: version(), commit: process.env['SLUICE_COMMIT'] ?? '' },
  });
  const api = createHttpApi(connection, {
    qps: flags.number('qps'),
    burst: flags.number('burst'),
    userAgent: `sluice/${version()} (controller)`,
    onRequest: (observation) => metrics.request(observation),
  });
  const stop = stopOnSignals(log);
  const endpoints: NamedEndpoint[] = [];
  try {
    let manager: Manager | undefined;
    endpoints.push(...(await serve(flags, metrics, () => manager)));
    log.info(
      {
        version: version(),
        server: connection.server.host,
        controllers: picked,
        ...Object.fromEntries(endpoints.map(({ what, port }) => [`${what}Port`, port])),
      },
      'starting',
    );
    const ownNamespace = await ownNamespaceFor(connection, api, log, stop);
    if (stop.aborted) return EXIT_OK;
    const syncsOnly = picked.every((name) => name === 'sync');
    const namespaces = [ownNamespace, flags.on('namespaced') ? connection.namespace : DEFAULT_NAMESPACE];
    let prunedFields: readonly string[] = [];
    if (!syncsOnly) {
      await refuseBesideOther(flags, api, namespaces, log, stop);
      if (stop.aborted) return EXIT_OK;
      prunedFields = await inspectKinds(flags, api, log, stop);
    }
    const parts = { flags, api, env: process.env, random, metrics, prunedFields };
    const instanceId = flags.text('instance-id') ?? '';
    manager = new Manager({
      api,
      clock,
      random,
      log,
      controllers: await Promise.all(picked.map((name) => loaded(name)(parts))),
      instanceId,
      ownNamespace,
      watchNamespace: flags.on('namespaced') ? connection.namespace : '',
      leaderElection: flags.on('leader-elect')
        ? leaderElection(
            flags,
            ownNamespace,
            leaseName(syncsOnly ? SYNCER_LEASE : LEASE, instanceId),
            syncsOnly ? undefined : await besideOther(flags, api, ownNamespace, namespaces, log, stop),
          )
        : undefined,
      metrics,
      resyncMs: (flags.number('rollout-resync') ?? 900) * 1000,
      breathe: breather(),
    });
    metrics.collectFrom(objectGauges(manager.stores));
    await manager.run(stop);
    log.info({}, 'stopped');
    return EXIT_OK;
  } catch (error) {
    if (error instanceof StartError || error instanceof FlagError) throw error;
    log.error({ error }, 'the controller ends');
    return EXIT_FAILED;
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    api.close();
  }
}

function pickedControllers(flags: Flags): string[] {
  const names = (flags.list('controllers') ?? []).filter((name) => name !== '');
  const unknown = names.find((name) => !Object.hasOwn(CONTROLLERS, name));
  if (unknown !== undefined) {
    throw new FlagError(
      `unsupported controller: ${unknown} (there are ${Object.keys(CONTROLLERS).join(', ')})`,
    );
  }
  return names.length === 0 ? Object.keys(CONTROLLERS) : [...new Set(names)];
}

function loaded(name: string): NonNullable<(typeof CONTROLLERS)[string]> {
  const load = CONTROLLERS[name];
  if (load === undefined) throw new FlagError(`unsupported controller: ${name}`);
  return load;
}

function connectionFlags(flags: Flags): Parameters<typeof loadConnection>[0] {
  return {
    kubeconfig: flags.text('kubeconfig'),
    context: flags.text('context'),
    cluster: flags.text('cluster'),
    user: flags.text('user'),
    namespace: flags.text('namespace'),
    server: flags.text('server'),
    token: flags.text('token'),
    certificateAuthority: flags.text('certificate-authority'),
    insecureSkipTlsVerify: flags.on('insecure-skip-tls-verify'),
    tlsServerName: flags.text('tls-server-name'),
    as: flags.text('as'),
    asGroups: flags.list('as-group'),
    requestTimeoutMs: flags.number('request-timeout'),
  };
}

function levelOf(name: string): LogLevel {
  if (name === 'panic') return 'fatal';
  return name === 'warning' ? 'warn' : (name as LogLevel);
}

/** Signals stop gracefully, one more at once. Mistakes that nobody caught are logged. */
function stopOnSignals(log: Log): AbortSignal {
  process.on('unhandledRejection', (error) =>
    log.error({ error }, 'a promise was rejected and nobody listened'),
  );
  return abortOnSignals(EXIT_FAILED, (signal) => log.info({ signal }, 'stopping'));
}

interface NamedEndpoint extends Endpoint {
  readonly what: string;
}

async function serve(
  flags: Flags,
  metrics: Metrics,
  manager: () => Manager | undefined,
): Promise<NamedEndpoint[]> {
  const metricsEndpoint = await endpoint('metrics', portOf(flags, 'metricsPort'), {
    '/metrics': async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
  });
  try {
    const health = await endpoint('healthz', portOf(flags, 'healthzPort'), {
      '/healthz': () => textPage(200, 'ok'),
      '/readyz': () => readiness(manager()),
    });
    return [metricsEndpoint, health];
  } catch (error) {
    await metricsEndpoint.close();
    throw error;
  }
}

async function endpoint(what: string, port: number, pages: Pages): Promise<NamedEndpoint> {
  try {
    return { what, ...(await servePages(pages, { port, what })) };
  } catch (error) {
    throw new StartError(`${(error as Error).message}; choose another with --${what}Port`, { cause: error });
  }
}

function portOf(flags: Flags, name: string): number {
  const value = flags.number(name) ?? 0;
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new FlagError(`flag --${name} needs a port between 0 and 65535, not ${value}`);
  }
  return value;
}

function readiness(manager: Manager | undefined): ReturnType<typeof textPage> {
  if (manager?.ready === true) return textPage(200, 'ok');
  const waiting = manager?.unsynced.map(({ type, because }) => `${type}: ${because}`) ?? [];
  return textPage(503, ['not ready', ...waiting].join('\n') + '\n');
}

/**
 * POD_NAMESPACE, the namespace of the pod, else `argo-rollouts`; outside of a cluster that has no such namespace
 * the one of the context, so that the lease has a place.
 */
async function ownNamespaceFor(
  connection: Connection,
  api: KubeApi,
  log: Log,
  stop: AbortSignal,
): Promise<string> {
  const given = process.env['POD_NAMESPACE'] || (await podNamespace());
  if (given !== undefined && given !== '') return given;
  return await persistently(log, stop, async () => {
    try {
      await api.get(NAMESPACE, { name: DEFAULT_NAMESPACE }, { signal: stop });
      return DEFAULT_NAMESPACE;
    } catch (error) {
      if (isNotFound(error)) return connection.namespace;
      // Without the right to look, a namespace that somebody named is the better guess.
      if (error instanceof ApiError && error.code === 403) {
        return connection.namespaceGiven ? connection.namespace : DEFAULT_NAMESPACE;
      }
      throw error;
    }
  });
}

async function refuseBesideOther(
  flags: Flags,
  api: KubeApi,
  namespaces: readonly string[],
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const instanceId = flags.text('instance-id') ?? '';
  const everywhere = !flags.on('namespaced');
  const other = await persistently(log, stop, () =>
    findOtherController({ api, clock: systemClock, instanceId, namespaces, everywhere, signal: stop }),
  );
  if (other === undefined) return;
  const where = `${other.namespace}/${other.lease}`;
  if (flags.on('force-beside-argo-rollouts')) {
    log.warn(
      { lease: where, holder: other.holder },
      'an Argo Rollouts controller is alive; both may act on the same objects',
    );
    return;
  }
  throw new StartError(
    `an Argo Rollouts controller (${other.holder}) holds the lease ${where} and would act on the same Rollouts: ` +
      'scale it down first, give --instance-id, or start anyway with --force-beside-argo-rollouts',
  );
}

/**
 * Says which of our fields the installed CRDs prune; resolves with those of Rollouts. Nothing is known for sure while they are being installed, or
 * where the schemas can't be read: then the controller starts all the same.
 */
async function inspectKinds(
  flags: Flags,
  api: HttpApi,
  log: Log,
  stop: AbortSignal,
): Promise<readonly string[]> {
  let document: unknown;
  try {
    document = await api.getJson(`/openapi/v3/apis/${apiVersionOf(ROLLOUT)}`, { signal: stop });
  } catch (error) {
    log.debug({ error }, 'the schemas of the installed kinds could not be read');
    return [];
  }
  let ofRollouts: readonly string[] = [];
  for (const definition of customResourceDefinitions()) {
    const { kind, schema } = ownSchema(definition);
    const gaps = schemaGaps(document, ROLLOUT.group, kind, schema);
    if (gaps === undefined) continue;
    if (kind === ROLLOUT.kind) ofRollouts = gaps.pruned;
    if (gaps.pruned.length > 0 && kind !== APPLICATION.kind) {
      log.warn(
        { kind, fields: gaps.pruned.slice(0, MAX_NAMED_FIELDS), more: gaps.pruned.length > MAX_NAMED_FIELDS },
        'the installed CRD does not know these fields and drops them silently: apply deploy/crds to have them',
      );
    }
    if (kind === ROLLOUT.kind && !gaps.takesNumber && flags.text('observed-generation') === 'int') {
      throw new StartError(
        `the installed CRD of ${kind} takes observedGeneration only as text: apply deploy/crds first, ` +
          'or start without --observed-generation=int',
      );
    }
  }
  return ofRollouts;
}

const MAX_NAMED_FIELDS = 20;

function ownSchema(definition: JsonObject): { kind: string; schema: JsonObject } {
  const spec = definition['spec'] as {
    names: { kind: string };
    versions: [{ schema: { openAPIV3Schema: JsonObject } }];
  };
  return { kind: spec.names.kind, schema: spec.versions[0].schema.openAPIV3Schema };
}

/** Tries again every few seconds while the API server does not answer. */
async function persistently<T>(log: Log, stop: AbortSignal, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (stop.aborted) return undefined as T;
      log.warn({ error }, 'the API server did not answer; trying again');
      await sleep(systemClock, 3_000, stop).catch(() => {});
    }
  }
}

function leaderElection(
  flags: Flags,
  namespace: string,
  name: string,
  beside: Pick<LeaderElectionSettings, 'holdAlso' | 'permit'> | undefined,
): LeaderElectionSettings {
  const times = {
    leaseDurationMs: flags.number('leader-election-lease-duration') ?? 15_000,
    renewDeadlineMs: flags.number('leader-election-renew-deadline') ?? 10_000,
    retryPeriodMs: flags.number('leader-election-retry-period') ?? 2_000,
  };
  if (times.renewDeadlineMs >= times.leaseDurationMs || times.retryPeriodMs * 1.2 >= times.renewDeadlineMs) {
    throw new StartError(
      'the leader election times do not fit: 1.2 x retry period < renew deadline < lease duration must hold',
    );
  }
  return {
    namespace,
    name,
    identity: `${IDENTITY_PREFIX}${hostname()}_${randomUUID()}`,
    times,
    isOurs: (holder) => holder.startsWith(IDENTITY_PREFIX),
    ...beside,
  };
}

/**
 * The leases of Argo Rollouts, held where they are; in the namespaces where it usually lives also made, where the
 * right is there (asked for first, so that no request is refused). With the user's word that both may run: none.
 */
async function besideOther(
  flags: Flags,
  api: KubeApi,
  ownNamespace: string,
  namespaces: readonly string[],
  log: Log,
  stop: AbortSignal,
): Promise<Pick<LeaderElectionSettings, 'holdAlso' | 'permit'> | undefined> {
  if (!flags.on('hold-argo-rollouts-lease') || flags.on('force-beside-argo-rollouts')) return undefined;
  const name = leaseName(ARGO_ROLLOUTS_LEASE, flags.text('instance-id') ?? '');
  const everywhere = !flags.on('namespaced');
  const found = await persistently(log, stop, () =>
    visibleLeases({ api, namespaces, everywhere, signal: stop }, name),
  );
  // Beside controllers of the whole cluster its usual home, else the one namespace that is ours.
  const home = everywhere ? DEFAULT_NAMESPACE : ownNamespace;
  const elsewhere = (found ?? []).map(({ metadata }) => metadata.namespace ?? '');
  return {
    holdAlso: [...new Set([home, ...elsewhere])].map((namespace) => ({
      namespace,
      name,
      mayCreate: (signal) =>
        namespace === home ? mayCreateLeases(api, namespace, signal) : Promise.resolve(false),
    })),
    permit: (signal) => refuseBesideOther(flags, api, namespaces, log, signal),
  };
}

/** Lets I/O have the thread when passes have held it for some milliseconds on end. */
function breather(): () => Promise<void> | undefined {
  const SLICE_MS = 8;
  let since = performance.now();
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now();
        resolve();
      }),
    );
  };
}

function usage(): string {
  return `Runs the controllers of Rollouts, AnalysisRuns and Applications.

Usage: sluice controller [flags]

Examples:
  # against the current context of the kubeconfig, everything in all namespaces
  sluice controller

  # one namespace only, with rights in it alone
  sluice controller --namespaced -n team-a --controllers rollouts,services,analysis

  # beside another instance: acts on objects labelled argo-rollouts.argoproj.io/controller-instance-id=blue
  sluice controller --kubeconfig ~/.kube/config --instance-id blue

  # a local repository for the syncer
  sluice controller --controllers sync --allow-file-repos

${describeFlags(CONTROLLER_FLAGS)}

Environment:
  KUBECONFIG                            kubeconfig files, merged
  POD_NAMESPACE                         namespace of the lease and of the controller's own objects
  ARGO_ROLLOUTS_PROMETHEUS_ADDRESS      Prometheus where a metric names none
  SLUICE_METRIC_PLUGIN_TOKEN            bearer token for metric plugins
  DD_*, AWS_*                           credentials of metric providers (docs/providers.md)

Exit codes: 0 after a graceful stop; 1 for wrong flags, no cluster, another controller, or a lost lease.`;
}
