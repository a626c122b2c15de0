/**
 * The catalog as everybody sees it: the fold of `tidemark.catalog`, which carries whole states, so that the last
 * record of a key is its state. Kept in memory by deciders and the API Server, written to rows by projections.
 * Compaction may have removed older records of a key; the fold comes out the same.
 */
import type { Message } from '../envelope/envelope.js';
import { CATALOG_EVENT_TYPES, type CatalogEventType } from '../messages/message-types.js';
import type { RecordReference } from '../position.js';
import type { Application } from './application.js';
import type { DataProduct } from './data-product.js';

export type CatalogMessage = Message<CatalogEventType>;

export interface RegisteredApplication {
  readonly gateway: string;
  readonly application: Application;
  readonly sha256: string;
  readonly versions: readonly { readonly version: string; readonly sha256: string }[];
  readonly registeredAt: string;
  /** Offset of the record. */
  readonly revision: number;
}

export interface RegisteredDataProduct {
  readonly gateway: string;
  readonly dataProduct: DataProduct;
  readonly registeredAt: string;
  readonly revision: number;
}

/** Updated in place by `foldCatalog`. */
export interface CatalogState {
  readonly applications: Map<string, RegisteredApplication>;
  readonly dataProducts: Map<string, RegisteredDataProduct>;
}

export function emptyCatalog(): CatalogState {
  return { applications: new Map(), dataProducts: new Map() };
}

/** The key of an application's latest version, or of an older one. The name alone chooses the partition. */
export function applicationKey(name: string, version?: string): string {
  return version === undefined ? `application/${name}` : `application/${name}@${version}`;
}

export function dataProductKey(id: string): string {
  return `data-product/${id}`;
}

export function isCatalogMessage(message: Message): message is CatalogMessage {
  return Object.hasOwn(CATALOG_EVENT_TYPES, message.type);
}

/** Which key a catalog record must have, by what it says; a record under another key is not believed. */
export function isUnderItsKey(message: CatalogMessage): boolean {
  if (message.type === 'DataProductRegistered') {
    return message.key === dataProductKey(message.payload.dataProduct.id);
  }
  const { name, version } = message.payload.application;
  return message.key === applicationKey(name) || message.key === applicationKey(name, version);
}

/** Total; answers whether it changed anything. */
export function foldCatalog(state: CatalogState, message: CatalogMessage, record: RecordReference): boolean {
  if (!isUnderItsKey(message)) return false;
  const written = {
    gateway: message.gateway,
    registeredAt: message.time,
    revision: record.offset,
  };
  if (message.type === 'DataProductRegistered') {
    state.dataProducts.set(message.payload.dataProduct.id, {
      ...written,
      dataProduct: message.payload.dataProduct,
    });
    return true;
  }
  const { application, sha256, versions } = message.payload;
  state.applications.set(message.key, { ...written, application, sha256, versions });
  return true;
}

/** The version asked for, or the latest one. */
export function findApplication(
  state: CatalogState,
  name: string,
  version?: string,
): RegisteredApplication | undefined {
  const latest = state.applications.get(applicationKey(name));
  if (version === undefined || latest?.application.version === version) return latest;
  return state.applications.get(applicationKey(name, version));
}
