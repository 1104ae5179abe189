// host/orchestrators/kubernetes/client.ts: @kubernetes/client-node, loaded when it is asked for: it knows kubeconfig files, service accounts,
// credential plugins and TLS, and makes the requests.
//
// It is an optional peer dependency (57 MB). What is used of it is written down here, so that this package compiles and has its types
// without it.
import type { Agent } from 'node:http';
import { MaglevError, optionError } from '../../errors.js';
import type { EndpointSlice } from './slices.js';

/** How the API server is reached. */
export interface KubernetesConnection {
  /** A kubeconfig file. Default: as kubectl does ($KUBECONFIG, ~/.kube/config); in a pod, its service account. */
  kubeconfig?: string;
  /** A context of it. Default: its current one. */
  context?: string;
}

/** A page of a list. */
export interface SliceList {
  items?: EndpointSlice[];
  metadata?: { resourceVersion?: string; _continue?: string };
}

/** What a request asked for. */
export interface SliceQuery {
  namespace: string;
  labelSelector: string;
}

/** The two questions that are asked. Both end when `signal` is aborted, in whatever phase they are. */
export interface SliceApi {
  list(query: SliceQuery & { limit: number; _continue?: string }, signal: AbortSignal): Promise<SliceList>;
  /** Resolves when the server has ended the stream; rejects when it was cut, or not opened. `line` gets each object of it. */
  watch(
    query: SliceQuery & { resourceVersion: string; timeoutSeconds: number },
    line: (type: string, object: unknown) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

interface RequestContext {
  setSignal(signal: AbortSignal): void;
  getAgent(): Agent | undefined;
}

interface KubeConfig {
  loadFromDefault(): void;
  loadFromFile(path: string): void;
  setCurrentContext(name: string): void;
  getContextObject(name: string): object | null;
  getCurrentCluster(): { server: string } | null;
  makeApiClient<T>(type: new (...args: never[]) => T): T;
  applyToFetchOptions(init: object): Promise<{ agent?: Agent }>;
  applySecurityAuthentication(context: RequestContext): Promise<void>;
}

interface DiscoveryV1Api {
  listNamespacedEndpointSlice(query: object): Promise<SliceList>;
}

interface Watch {
  watch(
    path: string,
    query: object,
    line: (type: string, object: unknown) => void,
    done: (error: unknown) => void,
  ): Promise<unknown>;
}

interface ClientNode {
  KubeConfig: new () => KubeConfig;
  DiscoveryV1Api: new (...args: never[]) => DiscoveryV1Api;
  Watch: new (config: KubeConfig) => Watch;
}

const PACKAGE: string = '@kubernetes/client-node'; // not a literal in import(): tsc would want the package

/** Loads the package. Rejects with ERR_MISSING and the command that would help. */
export async function loadKubernetes(): Promise<ClientNode> {
  try {
    return (await import(PACKAGE)) as ClientNode;
  } catch (cause) {
    const help = 'npm install @kubernetes/client-node@1 (version 2 needs Node 22.19)';
    throw new MaglevError('ERR_MISSING', `Kubernetes needs the optional package ${PACKAGE}: ${help}`, {
      option: PACKAGE,
      cause,
    });
  }
}

/** The API server that `connection` names. Rejects with ERR_MISSING, and ERR_OPTION for a kubeconfig that is not one. */
export async function openSliceApi(connection: KubernetesConnection): Promise<SliceApi> {
  const client = await loadKubernetes();
  const config = readConfig(new client.KubeConfig(), connection);
  return {
    list: (query, signal) =>
      endable(config, signal).makeApiClient(client.DiscoveryV1Api).listNamespacedEndpointSlice(query),
    watch: (query, line, signal) => watchSlices(new client.Watch(endable(config, signal)), query, line),
  };
}

function readConfig(config: KubeConfig, { kubeconfig, context }: KubernetesConnection): KubeConfig {
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (cause) {
    throw optionError('kubeconfig', kubeconfig ?? '(default)', `does not load: ${(cause as Error).message}`);
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw optionError('context', context, 'is not in the kubeconfig');
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw optionError('kubeconfig', kubeconfig ?? '(default)', 'has no cluster for its current context');
  }
  return config;
}

/**
 * The same configuration, for a request that ends with `signal`. The package has no such thing for a watch before its headers are in;
 * but each request gets an agent of its own, and no request outlives its agent's sockets.
 */
function endable(config: KubeConfig, signal: AbortSignal): KubeConfig {
  const endWith = (agent: Agent | undefined): void => {
    if (signal.aborted) agent?.destroy();
    else signal.addEventListener('abort', () => agent?.destroy(), { once: true });
  };
  const own = Object.create(config) as KubeConfig;
  own.applyToFetchOptions = async (init) => {
    const made = await config.applyToFetchOptions(init);
    signal.throwIfAborted();
    endWith(made.agent);
    return made;
  };
  own.applySecurityAuthentication = async (context) => {
    await config.applySecurityAuthentication(context);
    signal.throwIfAborted();
    context.setSignal(signal);
    endWith(context.getAgent());
  };
  return own;
}

function watchSlices(
  watch: Watch,
  { namespace, ...query }: SliceQuery & { resourceVersion: string; timeoutSeconds: number },
  line: (type: string, object: unknown) => void,
): Promise<void> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
  return new Promise((resolve, reject) => {
    const done = (error: unknown): void => (error ? reject(error) : resolve());
    watch.watch(path, { ...query, allowWatchBookmarks: true }, line, done).catch(reject);
  });
}
