/**
 * Who the controller is towards AWS: the default chain of the AWS tools. Environment, a role by a token of the cluster
 * (IRSA), profiles of the shared files, the container's endpoint (ECS, EKS pod identity), the instance's metadata.
 */

import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseTime } from '../../lang/time.ts';
import { HttpFailure } from '../http/types.ts';
import type { HttpResponse } from '../http/types.ts';
import { isRecord, MeasurementFault, readJson } from '../measured.ts';
import type { ProviderContext } from '../types.ts';
import { mergeProfiles, parseProfiles } from './aws-files.ts';
import type { Profile } from './aws-files.ts';
import { assumeRole } from './aws-sts.ts';
import type { AwsCredentials } from './sigv4.ts';

/** As `sigv4` of a metric writes it. */
export interface AwsConfig {
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly roleArn?: string | undefined;
}

export interface AwsIdentity {
  readonly region: string;
  readonly credentials: AwsCredentials;
}

/** Temporary credentials are renewed so long before they end. */
const EARLY_MS = 5 * 60_000;
const MAX_KEPT = 100;
/** Profiles that lead to each other. */
const MAX_CHAIN = 5;
const METADATA_TIMEOUT_MS = 2_000;
const IMDS = 'http://169.254.169.254';
const ECS = 'http://169.254.170.2';

const filled = (text: string | undefined): text is string => text !== undefined && text !== '';

export class AwsChain {
  private readonly context: ProviderContext;
  private readonly kept = new Map<string, Promise<AwsCredentials>>();

  constructor(context: ProviderContext) {
    this.context = context;
  }

  /** Throws `MeasurementFault` where the chain ends without credentials or region; `HttpFailure` where AWS is silent. */
  async identity(config: AwsConfig, signal: AbortSignal): Promise<AwsIdentity> {
    const { env } = this.context;
    const profiles = await this.profiles();
    const named = [config.profile, env['AWS_PROFILE'], env['AWS_DEFAULT_PROFILE']].find(filled);
    const name = named ?? 'default';
    if (named !== undefined && !profiles.has(named))
      throw new MeasurementFault(`AWS profile '${named}' is in none of the shared files`);
    const region = [
      config.region,
      env['AWS_REGION'],
      env['AWS_DEFAULT_REGION'],
      profiles.get(name)?.['region'],
    ].find(filled);
    if (region === undefined)
      throw new MeasurementFault(
        'region not configured in sigv4 or in the AWS default credentials chain: set AWS_REGION for the controller',
      );
    // It becomes a part of host names.
    if (!/^[a-z0-9-]{1,40}$/.test(region))
      throw new MeasurementFault(`AWS region ${JSON.stringify(region.slice(0, 40))} is not valid`);
    const key = JSON.stringify([named, region, config.roleArn]);
    const credentials = await this.fresh(key, async () => {
      const own =
        named === undefined
          ? await this.fromSurroundings(profiles, region, signal)
          : await this.fromProfile(profiles, name, region, signal, 0);
      if (!filled(config.roleArn)) return own;
      return this.roleBy(config.roleArn, { credentials: own }, region, signal);
    });
    return { region, credentials };
  }

  /** Asks once for many callers, and again when the end is near. */
  private async fresh(key: string, ask: () => Promise<AwsCredentials>): Promise<AwsCredentials> {
    const known = this.kept.get(key);
    if (known !== undefined) {
      const credentials = await known.catch(() => undefined);
      if ((credentials?.expiresAt ?? 0) - EARLY_MS > this.context.clock.now() && credentials !== undefined)
        return credentials;
    }
    const current = this.kept.get(key);
    const asked = current !== undefined && current !== known ? current : ask();
    this.kept.delete(key);
    this.kept.set(key, asked);
    if (this.kept.size > MAX_KEPT) {
      const oldest = this.kept.keys().next();
      if (oldest.done !== true) this.kept.delete(oldest.value);
    }
    try {
      return await asked;
    } catch (error) {
      if (this.kept.get(key) === asked) this.kept.delete(key);
      throw error;
    }
  }

  private async fromSurroundings(
    profiles: ReadonlyMap<string, Profile>,
    region: string,
    signal: AbortSignal,
  ): Promise<AwsCredentials> {
    const { env } = this.context;
    const fromEnv = keysOf(env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN']);
    if (fromEnv !== undefined) return fromEnv;
    const tokenFile = env['AWS_WEB_IDENTITY_TOKEN_FILE'];
    const role = env['AWS_ROLE_ARN'];
    if (filled(tokenFile) && filled(role))
      return this.roleByToken(role, tokenFile, region, env['AWS_ROLE_SESSION_NAME'], signal);
    if (profiles.has('default')) {
      const profile = profiles.get('default') ?? {};
      if (Object.keys(profile).some((key) => CREDENTIAL_KEYS.has(key)))
        return this.fromProfile(profiles, 'default', region, signal, 0);
    }
    return (await this.fromContainer(signal)) ?? (await this.fromInstance(signal));
  }

  private async fromProfile(
    profiles: ReadonlyMap<string, Profile>,
    name: string,
    region: string,
    signal: AbortSignal,
    depth: number,
  ): Promise<AwsCredentials> {
    const profile = profiles.get(name);
    if (profile === undefined)
      throw new MeasurementFault(`AWS profile '${name}' is in none of the shared files`);
    if (depth > MAX_CHAIN)
      throw new MeasurementFault(`AWS profile '${name}': its source_profile goes in circles`);
    const role = profile['role_arn'];
    const own = keysOf(
      profile['aws_access_key_id'],
      profile['aws_secret_access_key'],
      profile['aws_session_token'],
    );
    if (!filled(role)) {
      if (own !== undefined) return own;
      const unsupported = ['sso_start_url', 'sso_session', 'credential_process'].find((key) =>
        filled(profile[key]),
      );
      throw new MeasurementFault(
        unsupported === undefined
          ? `AWS profile '${name}' holds no credentials`
          : `AWS profile '${name}' uses ${unsupported}, which a controller can't: use keys, a role or a web identity`,
      );
    }
    const tokenFile = profile['web_identity_token_file'];
    if (filled(tokenFile))
      return this.roleByToken(role, tokenFile, region, profile['role_session_name'], signal);
    const source = profile['source_profile'];
    // A profile may be its own source: then its keys take the role.
    const credentials =
      source === name && own !== undefined
        ? own
        : filled(source)
          ? await this.fromProfile(profiles, source, region, signal, depth + 1)
          : await this.fromNamedSource(profile['credential_source'] ?? '', name, signal);
    return this.roleBy(role, { credentials }, region, signal);
  }

  private async fromNamedSource(source: string, name: string, signal: AbortSignal): Promise<AwsCredentials> {
    const { env } = this.context;
    const found =
      source === 'Environment'
        ? keysOf(env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN'])
        : source === 'EcsContainer'
          ? await this.fromContainer(signal)
          : source === 'Ec2InstanceMetadata'
            ? await this.fromInstance(signal)
            : undefined;
    if (found !== undefined) return found;
    throw new MeasurementFault(`AWS profile '${name}' has a role, but no credentials that could take it`);
  }

  private async roleByToken(
    roleArn: string,
    tokenFile: string,
    region: string,
    sessionName: string | undefined,
    signal: AbortSignal,
  ): Promise<AwsCredentials> {
    const token = (await this.read(tokenFile))?.trim() ?? '';
    if (token === '')
      throw new MeasurementFault(`the AWS web identity token ${tokenFile} can't be read or is empty`);
    return this.roleBy(roleArn, { webIdentityToken: token }, region, signal, sessionName);
  }

  private roleBy(
    roleArn: string,
    by: { webIdentityToken: string } | { credentials: AwsCredentials },
    region: string,
    signal: AbortSignal,
    sessionName?: string,
  ): Promise<AwsCredentials> {
    const { http, clock, env } = this.context;
    return assumeRole(http, {
      roleArn,
      by,
      region,
      signal,
      sessionName: filled(sessionName) ? sessionName : `sluice-${clock.now()}`,
      endpoint: [env['AWS_ENDPOINT_URL_STS'], env['AWS_ENDPOINT_URL']].find(filled),
      now: clock.now(),
    });
  }

  /** ECS tasks and EKS pod identity. Undefined where there is no such endpoint. */
  private async fromContainer(signal: AbortSignal): Promise<AwsCredentials | undefined> {
    const { env } = this.context;
    const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
    const url = filled(relative) ? ECS + relative : env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
    if (!filled(url)) return undefined;
    const tokenFile = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const token = filled(tokenFile)
      ? (await this.read(tokenFile))?.trim()
      : env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
    const response = await this.ask('GET', url, filled(token) ? { authorization: token } : {}, signal);
    return temporary(response, "the container's credentials");
  }

  private async fromInstance(signal: AbortSignal): Promise<AwsCredentials> {
    const { env } = this.context;
    const nowhere =
      'no AWS credentials: neither in the environment, nor by web identity, shared files, container or instance metadata';
    if (env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw new MeasurementFault(nowhere);
    const base = (env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? IMDS).replace(/\/+$/, '');
    try {
      const session = await this.ask(
        'PUT',
        `${base}/latest/api/token`,
        { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
        signal,
      );
      const headers = session.status === 200 ? { 'x-aws-ec2-metadata-token': session.body.trim() } : {};
      const path = `${base}/latest/meta-data/iam/security-credentials/`;
      const roles = await this.ask('GET', path, headers, signal);
      const role = roles.status === 200 ? (roles.body.trim().split('\n')[0] ?? '') : '';
      if (role === '') throw new MeasurementFault(`${nowhere} (the instance has no role)`);
      return temporary(
        await this.ask('GET', path + encodeURIComponent(role), headers, signal),
        "the instance's credentials",
      );
    } catch (error) {
      if (error instanceof HttpFailure) throw new MeasurementFault(`${nowhere} (${error.message})`);
      throw error;
    }
  }

  private ask(
    method: string,
    url: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const timeoutMs = METADATA_TIMEOUT_MS;
    return this.context.http.request({ method, url, headers, timeoutMs, signal, unguarded: true });
  }

  private async profiles(): Promise<Map<string, Profile>> {
    const { env } = this.context;
    const home = env['HOME'] ?? homedir();
    const [config, credentials] = await Promise.all([
      this.read(env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config')),
      this.read(env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials')),
    ]);
    return mergeProfiles(parseProfiles(config ?? '', true), parseProfiles(credentials ?? '', false));
  }

  private read(path: string): Promise<string | undefined> {
    if (this.context.readFile !== undefined) return this.context.readFile(path);
    return readFile(path, 'utf8').catch(() => undefined);
  }
}

/** A profile without any of these says nothing about credentials. */
const CREDENTIAL_KEYS: ReadonlySet<string> = new Set([
  'aws_access_key_id',
  'role_arn',
  'sso_start_url',
  'sso_session',
  'credential_process',
]);

function keysOf(
  accessKeyId: string | undefined,
  secretAccessKey: string | undefined,
  sessionToken: string | undefined,
): AwsCredentials | undefined {
  if (!filled(accessKeyId) || !filled(secretAccessKey)) return undefined;
  return { accessKeyId, secretAccessKey, ...(filled(sessionToken) ? { sessionToken } : {}) };
}

/** As the metadata endpoints answer. */
function temporary(response: HttpResponse, what: string): AwsCredentials {
  if (response.status !== 200) throw new MeasurementFault(`AWS: ${what} were refused: ${response.status}`);
  const answer = readJson({ ...response, body: response.body }, `AWS: ${what}`);
  const fields = isRecord(answer) ? answer : {};
  const text = (key: string): string | undefined => {
    const value = fields[key];
    return typeof value === 'string' ? value : undefined;
  };
  const keys = keysOf(text('AccessKeyId'), text('SecretAccessKey'), text('Token'));
  if (keys === undefined) throw new MeasurementFault(`AWS: ${what} are not complete`);
  return { ...keys, expiresAt: parseTime(text('Expiration')) };
}
