/**
 * `<home>/cluster.json`: who the brokers of this home are. Made at the first start, when the voters of the metadata
 * quorum are fixed for good by id and directory id; changed by `brokers add` and `brokers remove`. Written by the
 * supervisor alone, read at every start.
 *
 * What must hold: a directory id is handed to a broker only while its directory has never been in use (`formatted`
 * false). A broker whose disk was lost gets a new one at random, so that it does not vote as if it remembered.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Fault, reasonOf } from '../console/fault.js';
import { readLine, writePrivately, type Home } from '../stack/home.js';
import type { StackSettings } from '../stack/settings.js';

export interface ClusterBroker {
  readonly id: number;
  /** UUID of 36 characters. */
  readonly directoryId: string;
  /** One of the fixed voters of the metadata quorum; others observe. */
  readonly voter: boolean;
  readonly formatted: boolean;
}

export interface ClusterFile {
  readonly version: 1;
  readonly clusterId: string;
  /** Ids are not given twice: a removed broker's directory may lie about. */
  readonly nextBrokerId: number;
  readonly brokers: readonly ClusterBroker[];
}

const VOTERS_MAX = 3;

export const brokerDataDirectory = (home: Home, id: number): string =>
  path.join(home.dataDirectory, `broker-${id}`);

/** Nothing when there is none yet. Throws a `Fault` when it is there and cannot be read. */
export function readCluster(home: Home): ClusterFile | undefined {
  if (!fs.existsSync(home.clusterPath)) return undefined;
  try {
    const file = JSON.parse(fs.readFileSync(home.clusterPath, 'utf8')) as ClusterFile;
    if ((file.version as number) !== 1 || !Array.isArray(file.brokers) || file.brokers.length === 0) {
      throw new Error('it is not a cluster file of this version');
    }
    return file;
  } catch (cause) {
    throw new Fault(
      `${home.clusterPath} cannot be read (${reasonOf(cause)}): remove it, and it is made anew from the brokers' directories`,
      78,
    );
  }
}

export function writeCluster(home: Home, file: ClusterFile): void {
  writePrivately(home.clusterPath, `${JSON.stringify(file, undefined, 2)}\n`);
}

/**
 * The cluster of this home, made when it has none. Throws a `Fault` when the caller asks for another number of brokers
 * than the home has: growing and shrinking move data, and are commands of their own.
 */
export function openCluster(home: Home, settings: StackSettings): ClusterFile {
  const found = readCluster(home) ?? clusterOfDirectories(home);
  if (found === undefined) return newCluster(home, settings.brokers);
  writeCluster(home, found);
  const count = found.brokers.length;
  if (settings.brokersGiven && settings.brokers !== count) {
    throw new Fault(
      `${home.root} has ${count} broker(s), not ${settings.brokers}: "tidemark brokers add" and "tidemark brokers remove" ` +
        'change a running cluster, and "up --fresh" begins anew',
      78,
    );
  }
  return found;
}

/** `1@127.0.0.1:9092:<directory id>,…`, as brokers are told who votes; '' for a broker that is alone. */
export function votersText(file: ClusterFile, addressOf: (id: number) => string): string {
  if (file.brokers.length === 1) return '';
  return file.brokers
    .filter(({ voter }) => voter)
    .map(({ id, directoryId }) => `${id}@${addressOf(id)}:${directoryId}`)
    .join(',');
}

/** One broker more, an observer. */
export function withBroker(file: ClusterFile): { readonly file: ClusterFile; readonly id: number } {
  const id = file.nextBrokerId;
  const broker = { id, directoryId: randomUUID(), voter: false, formatted: false };
  return { id, file: { ...file, nextBrokerId: id + 1, brokers: [...file.brokers, broker] } };
}

export function withoutBroker(file: ClusterFile, id: number): ClusterFile {
  return { ...file, brokers: file.brokers.filter((broker) => broker.id !== id) };
}

/** The id that the broker's directory is to be given now; nothing when it has been in use before. */
export function directoryIdToGive(home: Home, id: number): string | undefined {
  const broker = readCluster(home)?.brokers.find((one) => one.id === id);
  return broker === undefined || broker.formatted ? undefined : broker.directoryId;
}

/** The broker has served from its directory: from now on another directory is another one. What it says of itself counts. */
export function markFormatted(home: Home, id: number): void {
  const file = readCluster(home);
  if (file?.brokers.find((one) => one.id === id)?.formatted !== false) return;
  const said = metaOf(home, id)[0];
  const directoryId = said === undefined || said.directoryId === '' ? {} : { directoryId: said.directoryId };
  const brokers = file.brokers.map((one) =>
    one.id === id ? { ...one, ...directoryId, formatted: true } : one,
  );
  writeCluster(home, { ...file, brokers });
}

function newCluster(home: Home, count: number): ClusterFile {
  const brokers = Array.from({ length: count }, (_unused, index) => {
    return { id: index + 1, directoryId: randomUUID(), voter: index < VOTERS_MAX, formatted: false };
  });
  const clusterId = readLine(home.clusterIdPath) ?? newClusterId();
  const file: ClusterFile = { version: 1, clusterId, nextBrokerId: count + 1, brokers };
  writeCluster(home, file);
  return file;
}

/** Of a home that was made before there was a cluster file, or that has lost it. */
function clusterOfDirectories(home: Home): ClusterFile | undefined {
  const found = fs
    .readdirSync(home.dataDirectory)
    .flatMap((name) => metaOf(home, Number(/^broker-([1-9]\d*)$/.exec(name)?.[1] ?? 0)))
    .sort((a, b) => a.id - b.id);
  const [first] = found;
  if (first === undefined) return undefined;
  const brokers = found.map(({ id, directoryId }, index) => {
    return { id, directoryId, voter: index < VOTERS_MAX, formatted: true };
  });
  const nextBrokerId = Math.max(...found.map(({ id }) => id)) + 1;
  return { version: 1, clusterId: first.clusterId, nextBrokerId, brokers };
}

function metaOf(home: Home, id: number): { id: number; clusterId: string; directoryId: string }[] {
  const file = path.join(brokerDataDirectory(home, id), 'meta.properties');
  if (id === 0 || !fs.existsSync(file)) return [];
  const text = fs.readFileSync(file, 'utf8').replaceAll('\\', '');
  const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const clusterId = valueOf('cluster\\.id');
  const directoryId = valueOf('directory\\.id');
  return clusterId === '' ? [] : [{ id, clusterId, directoryId: uuidText(directoryId) }];
}

/** Kafka writes a UUID as 22 characters of base64url. */
function uuidText(text: string): string {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  return hex.length === 32 ? hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5') : text;
}

/** A Kafka cluster id: 16 random bytes in base64url, as `kafka-storage random-uuid` makes them. */
function newClusterId(): string {
  for (;;) {
    const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    // A leading dash would read as an option on every command line.
    if (!id.startsWith('-')) return id;
  }
}
