// What a broker says about itself, and what the system says about its process.
import { readFileSync, readdirSync } from 'node:fs';
import type { BrokerProcess } from '../harness/broker-process.js';

/** Figures of /metrics by `name{labels}`. */
export async function metricsOf(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]));
}

/** Connections that the broker closed, by its reason. */
export async function closedFor(broker: BrokerProcess, reason: string): Promise<number> {
  const metrics = await metricsOf(broker.adminUrl());
  return metrics.get(`tidemark_broker_connections_closed_total{reason="${reason}"}`) ?? -1;
}

/** Memory of a process, and the most it ever had. Linux. */
export function memoryOf(pid: number): { readonly nowMb: number; readonly mostMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { nowMb: mb('VmRSS'), mostMb: mb('VmHWM') };
}

/** Files and sockets that a process has open. Linux. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
