/**
 * The in-sync set of one partition as its leader sees it: what the controller has committed, and the one change that
 * may be under way (KIP-497). Pure: a transition answers the next state. Used by `leader-state.ts`.
 *
 * What must hold: while the set is to grow the larger one counts at once, while it is to shrink the old one counts until
 * the change is committed, because the controller may have committed either and elect from it. A proposal whose outcome
 * is not known stays pending; the very same is proposed again, which its partition epoch makes harmless.
 */

/** `newIsr` is pending when there is one; `asking` while the controller has not answered. */
export type IsrState =
  | { readonly kind: 'committed'; readonly isr: readonly number[]; readonly partitionEpoch: number }
  | {
      readonly kind: 'expanding' | 'shrinking';
      readonly isr: readonly number[];
      readonly partitionEpoch: number;
      readonly newIsr: readonly number[];
      readonly asking: boolean;
    };

export type IsrEvent =
  /** Ignored while another change is pending: one at a time. */
  | { readonly type: 'propose'; readonly newIsr: readonly number[] }
  /** The pending change is put to the controller again. */
  | { readonly type: 'ask-again' }
  /** The controller's answer: it is done. */
  | { readonly type: 'accepted'; readonly isr: readonly number[]; readonly partitionEpoch: number }
  /** It was not done, and no earlier asking can have done it (INELIGIBLE_REPLICA). */
  | { readonly type: 'refused' }
  /** Perhaps done, or another change was: the metadata will tell, or asking again. */
  | { readonly type: 'unknown' }
  /** What the metadata says now. */
  | { readonly type: 'committed'; readonly isr: readonly number[]; readonly partitionEpoch: number };

type Transitions = {
  readonly [Kind in IsrState['kind']]: {
    readonly [Type in IsrEvent['type']]: (
      state: Extract<IsrState, { kind: Kind }>,
      event: Extract<IsrEvent, { type: Type }>,
    ) => IsrState;
  };
};

const keep = (state: IsrState): IsrState => state;

/** Only newer word counts: an answer and the metadata tell the same, in either order. */
function adopt(
  state: IsrState,
  { isr, partitionEpoch }: { readonly isr: readonly number[]; readonly partitionEpoch: number },
): IsrState {
  return partitionEpoch > state.partitionEpoch ? { kind: 'committed', isr, partitionEpoch } : state;
}

type PendingState = Extract<IsrState, { newIsr: readonly number[] }>;

const PENDING = {
  propose: keep,
  'ask-again': (state: PendingState): IsrState => ({ ...state, asking: true }),
  accepted: adopt,
  refused: ({ isr, partitionEpoch }: PendingState): IsrState => ({ kind: 'committed', isr, partitionEpoch }),
  unknown: (state: PendingState): IsrState => ({ ...state, asking: false }),
  committed: adopt,
};

const TRANSITIONS: Transitions = {
  committed: {
    propose: ({ isr, partitionEpoch }, { newIsr }) => {
      const kind = newIsr.some((id) => !isr.includes(id)) ? 'expanding' : 'shrinking';
      return { kind, isr, partitionEpoch, newIsr, asking: true };
    },
    'ask-again': keep,
    accepted: adopt,
    refused: keep,
    unknown: keep,
    committed: adopt,
  },
  expanding: PENDING,
  shrinking: PENDING,
};

export function nextIsrState(state: IsrState, event: IsrEvent): IsrState {
  // Each pair is in the table; the compiler cannot follow that the chosen entry fits both.
  const transition = TRANSITIONS[state.kind][event.type] as (state: IsrState, event: IsrEvent) => IsrState;
  return transition(state, event);
}

/** All that may be in the in-sync set as the controller has it: what the high watermark waits for. */
export function maximalIsr(state: IsrState): readonly number[] {
  return state.kind === 'expanding' ? state.newIsr : state.isr;
}
