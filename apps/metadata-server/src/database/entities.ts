/**
 * The projection's tables as TypeORM entities, for reading: rows are written by the projection in bulk, never saved one
 * by one. A spec holds them, the migration and the table definitions of `@tidemark/contracts` together.
 */
import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import type { Application, ExperimentState, ExperimentStatus } from '@tidemark/contracts';

/** The driver gives times as objects and 64-bit integers as text; we want what the log says. */
const time: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: { toISOString(): string } | null) => value?.toISOString() ?? null,
};
const bigint: ValueTransformer = { to: (value: unknown) => value, from: (value: string) => Number(value) };

@Entity('experiments')
export class ExperimentEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') gateway!: string;
  @Column('text') owner!: string;
  @Column('text') name!: string;
  @Column('text', { name: 'application_name' }) applicationName!: string;
  @Column('text', { name: 'application_version', nullable: true }) applicationVersion!: string | null;
  @Column('text') status!: ExperimentStatus;
  @Column('text', { name: 'reason_code', nullable: true }) reasonCode!: string | null;
  @Column('int', { name: 'exit_code', nullable: true }) exitCode!: number | null;
  @Column('timestamptz', { name: 'created_at', transformer: time }) createdAt!: string;
  @Column('timestamptz', { name: 'updated_at', transformer: time }) updatedAt!: string;
  @Column('timestamptz', { name: 'ended_at', nullable: true, transformer: time }) endedAt!: string | null;
  @Column('int') partition!: number;
  @Column('bigint', { transformer: bigint }) revision!: number;
  @Column('jsonb') state!: ExperimentState;
}

@Entity('processes')
export class ProcessEntity {
  @PrimaryColumn('text', { name: 'experiment_id' }) experimentId!: string;
  @PrimaryColumn('int', { name: 'process_index' }) processIndex!: number;
  @Column('text') status!: string;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('text', { name: 'reason_code', nullable: true }) reasonCode!: string | null;
  @Column('int') attempts!: number;
}

@Entity('jobs')
export class JobEntity {
  @PrimaryColumn('text', { name: 'experiment_id' }) experimentId!: string;
  @PrimaryColumn('int', { name: 'process_index' }) processIndex!: number;
  @PrimaryColumn('int') attempt!: number;
  @Column('text') token!: string;
  @Column('text') status!: string;
  @Column('text', { nullable: true }) host!: string | null;
  @Column('timestamptz', { name: 'started_at', nullable: true, transformer: time }) startedAt!: string | null;
  @Column('timestamptz', { name: 'ended_at', nullable: true, transformer: time }) endedAt!: string | null;
  @Column('int', { name: 'exit_code', nullable: true }) exitCode!: number | null;
  @Column('int', { nullable: true }) signal!: number | null;
  @Column('text', { name: 'reason_code', nullable: true }) reasonCode!: string | null;
}

@Entity('events')
export class EventEntity {
  @PrimaryColumn('int') partition!: number;
  @PrimaryColumn('bigint', { name: 'record_offset', transformer: bigint }) recordOffset!: number;
  @Column('text', { name: 'experiment_id' }) experimentId!: string;
  @Column('text') id!: string;
  @Column('text') type!: string;
  @Column('int') version!: number;
  @Column('timestamptz', { transformer: time }) time!: string;
  @Column('text') actor!: string;
  @Column('text', { nullable: true }) cause!: string | null;
  @Column('boolean') applied!: boolean;
  @Column('jsonb') payload!: Record<string, unknown>;
}

@Entity('applications')
export class ApplicationEntity {
  @PrimaryColumn('text') key!: string;
  @Column('text') gateway!: string;
  @Column('text') name!: string;
  @Column('text') version!: string;
  @Column('boolean') latest!: boolean;
  @Column('text') sha256!: string;
  @Column('jsonb') versions!: string[];
  @Column('jsonb') definition!: Application;
  @Column('timestamptz', { name: 'registered_at', transformer: time }) registeredAt!: string;
}

@Entity('data_products')
export class DataProductEntity {
  @PrimaryColumn('text') id!: string;
  @Column('text') gateway!: string;
  @Column('text') name!: string;
  @Column('text') sha256!: string;
  @Column('bigint', { transformer: bigint }) bytes!: number;
  @Column('text', { name: 'content_type' }) contentType!: string;
  @Column('text', { name: 'experiment_id', nullable: true }) experimentId!: string | null;
  @Column('timestamptz', { name: 'created_at', transformer: time }) createdAt!: string;
}

export const ENTITIES = [
  ExperimentEntity,
  ProcessEntity,
  JobEntity,
  EventEntity,
  ApplicationEntity,
  DataProductEntity,
];
