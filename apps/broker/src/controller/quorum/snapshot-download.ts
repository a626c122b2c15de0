/**
 * Fetches one snapshot of the metadata log from its leader, piece by piece (KIP-630). Holds the pieces until all are
 * there; made by `quorum-driver.ts` for one snapshot and forgotten after `done`. Nothing of it is believed before the
 * whole has been checked.
 */
import type { ReplicaKey } from '@tidemark/replication';
import { ErrorCode, fetchSnapshotApi, type Decoded } from '@tidemark/wire';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peer } from '../../peers/peers.js';
import { METADATA_IDENTITY } from './metadata-identity.js';
import { QUORUM_VERSIONS } from './quorum-wire.js';
import type { SnapshotId } from './snapshot-file.js';

export interface DownloadOptions {
  readonly peer: Peer;
  readonly clusterId: string;
  readonly me: ReplicaKey;
  readonly epoch: number;
  readonly id: SnapshotId;
  readonly timeoutMs: number;
  /** All bytes, or why not; called once. */
  readonly done: (result: Uint8Array | Error) => void;
}

const PIECE_BYTES = 1024 * 1024;
/** A snapshot beyond this is not the metadata of a cluster. */
const SNAPSHOT_BYTES_MAX = 1024 * 1024 * 1024;

type Answer = Decoded<typeof fetchSnapshotApi.response.fields>;

export class SnapshotDownload {
  private readonly pieces: Uint8Array[] = [];
  private position = 0;
  private stopped = false;

  constructor(private readonly options: DownloadOptions) {
    this.ask();
  }

  stop(): void {
    this.stopped = true;
  }

  private ask(): void {
    const { peer, clusterId, me, epoch, id, timeoutMs } = this.options;
    const partition = {
      partition: METADATA_IDENTITY.partition,
      currentLeaderEpoch: epoch,
      snapshotId: id,
      position: this.position,
      replicaDirectoryId: me.directoryId,
    };
    const topics = [{ name: METADATA_IDENTITY.topic, partitions: [partition] }];
    const request = { clusterId, replicaId: me.id, maxBytes: PIECE_BYTES, topics };
    peer.request(fetchSnapshotApi, QUORUM_VERSIONS.fetchSnapshot, request, timeoutMs, (answer) => {
      if (this.stopped) return;
      if (answer instanceof PeerFailure) this.options.done(new Error(answer.toString()));
      else this.take(answer);
    });
  }

  private take({ errorCode, topics }: Answer): void {
    const [piece] = topics[0]?.partitions ?? [];
    const code = errorCode === ErrorCode.NONE ? (piece?.errorCode ?? ErrorCode.INVALID_REQUEST) : errorCode;
    const bytes = piece?.unalignedRecords ?? new Uint8Array(0);
    const fits = piece?.position === this.position && piece.size <= SNAPSHOT_BYTES_MAX;
    if (piece === undefined || code !== ErrorCode.NONE || !fits || bytes.length === 0) {
      this.options.done(new Error(`no piece of the snapshot at ${this.position}: error ${code}`));
      return;
    }
    // The answer's bytes die with this call.
    this.pieces.push(Uint8Array.from(bytes));
    this.position += bytes.length;
    if (this.position < piece.size) this.ask();
    else this.options.done(Buffer.concat(this.pieces));
  }
}
