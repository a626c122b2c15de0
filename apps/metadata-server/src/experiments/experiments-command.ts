/**
 * What the experiments decider is asked: the commands of users, with all that deciding them needs already looked up,
 * and the question whether an experiment's own facts make something due (`settle`). Time and catalog come in here, so
 * that the decider stays pure.
 */
import type {
  DataProduct,
  ExperimentStatus,
  Message,
  Problem,
  RegisteredApplication,
} from '@tidemark/contracts';

export type UserCommand = Message<'CreateExperiment' | 'LaunchExperiment' | 'CancelExperiment'>;

/** The catalog as it was when the command's turn came. */
export interface CatalogView {
  /** False: the catalog did not come as far as the sender had seen it. */
  readonly reached: boolean;
  readonly position: string;
  application(name: string, version?: string): RegisteredApplication | undefined;
  dataProduct(id: string): DataProduct | undefined;
}

export interface Request {
  readonly kind: 'request';
  readonly message: UserCommand;
  readonly partition: number;
  /** The command's record. */
  readonly cause: string;
  /** When its turn came. */
  readonly time: string;
  /** For CreateExperiment; set just before it is decided. */
  catalog?: CatalogView;
}

export interface Settle {
  readonly kind: 'settle';
  readonly experimentId: string;
  readonly partition: number;
  readonly time: string;
}

export type ExperimentsCommand = Request | Settle;

export type ExperimentsReply =
  | { readonly id: string; readonly status: ExperimentStatus; readonly repeated: boolean }
  | { readonly problem: Problem };
