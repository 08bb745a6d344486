/** OAuth 2 client credentials (RFC 6749 section 4.4), for every provider that has `authentication.oauth2`. */

import { createHash } from 'node:crypto';
import type { Clock } from '../../kube/clock.ts';
import { excerpt, parseBoundedJson } from '../http/json.ts';
import type { HttpClient } from '../http/types.ts';

export interface OAuth2Credentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

/** The message never holds the secret or a token. */
export class OAuth2Error extends Error {
  override readonly name = 'OAuth2Error';
}

/** As metrics write it, under `authentication.oauth2`. */
export interface OAuth2Config {
  readonly tokenUrl?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
}

/** Undefined where no `tokenUrl` is set. Throws `OAuth2Error` where the rest is not complete. */
export function oauth2Credentials(config: OAuth2Config | null | undefined): OAuth2Credentials | undefined {
  if (!config?.tokenUrl) return undefined;
  if (!config.clientId || !config.clientSecret)
    throw new OAuth2Error('missing mandatory parameter in metric for OAuth2 setup');
  return {
    tokenUrl: config.tokenUrl,
    clientId: config.clientId,
    clientSecret: config.clientSecret,
    scopes: config.scopes ?? [],
  };
}

interface Token {
  readonly header: string;
  readonly expiresAt: number;
}

/** A token is asked for anew so long before it ends. */
const EARLY_MS = 10_000;
/** Where the server does not say how long a token lives. */
const DEFAULT_LIFE_MS = 300_000;
const MAX_TOKENS = 500;

export class OAuth2Tokens {
  private readonly http: HttpClient;
  private readonly clock: Clock;
  private readonly tokens = new Map<string, Promise<Token>>();

  constructor(http: HttpClient, clock: Clock) {
    this.http = http;
    this.clock = clock;
  }

  /** The value for `Authorization`. Throws `OAuth2Error` or `HttpFailure`. */
  async authorization(
    credentials: OAuth2Credentials,
    options: { timeoutMs: number; signal?: AbortSignal | undefined; insecure?: boolean | undefined },
  ): Promise<string> {
    const key = keyOf(credentials);
    const known = this.tokens.get(key);
    if (known !== undefined) {
      const token = await known.catch(() => undefined);
      if (token !== undefined && token.expiresAt - EARLY_MS > this.clock.now()) return token.header;
    }
    // Another caller may have begun to ask while we looked.
    const current = this.tokens.get(key);
    const asked = current !== undefined && current !== known ? current : this.ask(credentials, options);
    this.tokens.delete(key);
    this.tokens.set(key, asked);
    if (this.tokens.size > MAX_TOKENS) {
      const oldest = this.tokens.keys().next();
      if (oldest.done !== true) this.tokens.delete(oldest.value);
    }
    try {
      return (await asked).header;
    } catch (error) {
      if (this.tokens.get(key) === asked) this.tokens.delete(key);
      throw error;
    }
  }

  /** After a 401: the token is no good, whatever it said about its life. */
  forget(credentials: OAuth2Credentials): void {
    this.tokens.delete(keyOf(credentials));
  }

  private async ask(
    credentials: OAuth2Credentials,
    options: { timeoutMs: number; signal?: AbortSignal | undefined; insecure?: boolean | undefined },
  ): Promise<Token> {
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (credentials.scopes.length > 0) form.set('scope', credentials.scopes.join(' '));
    const user = `${encodeURIComponent(credentials.clientId)}:${encodeURIComponent(credentials.clientSecret)}`;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(user).toString('base64')}`,
    };
    let response = await this.http.request({
      method: 'POST',
      url: credentials.tokenUrl,
      headers,
      body: form.toString(),
      ...options,
    });
    if (response.status === 400 || response.status === 401) {
      // Servers that take the credentials in the body only.
      form.set('client_id', credentials.clientId);
      form.set('client_secret', credentials.clientSecret);
      response = await this.http.request({
        method: 'POST',
        url: credentials.tokenUrl,
        headers: { 'content-type': headers['content-type'] },
        body: form.toString(),
        ...options,
      });
    }
    return this.read(response.status, response.body);
  }

  private read(status: number, body: string): Token {
    let answer: unknown;
    try {
      answer = parseBoundedJson(body);
    } catch {
      throw new OAuth2Error(`oauth2: cannot fetch token: ${status}: ${excerpt(body)}`);
    }
    const fields = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
    if (status < 200 || status > 299)
      throw new OAuth2Error(`oauth2: cannot fetch token: ${status} ${String(fields['error'] ?? '')}`.trim());
    const token = fields['access_token'];
    if (typeof token !== 'string' || token === '')
      throw new OAuth2Error('oauth2: server response missing access_token');
    const seconds = Number(fields['expires_in']);
    const life = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : DEFAULT_LIFE_MS;
    const type = typeof fields['token_type'] === 'string' ? fields['token_type'] : 'Bearer';
    const scheme = type.toLowerCase() === 'bearer' ? 'Bearer' : type;
    return { header: `${scheme} ${token}`, expiresAt: this.clock.now() + life };
  }
}

function keyOf(credentials: OAuth2Credentials): string {
  const secret = createHash('sha256').update(credentials.clientSecret).digest('hex');
  return JSON.stringify([credentials.tokenUrl, credentials.clientId, secret, credentials.scopes]);
}
