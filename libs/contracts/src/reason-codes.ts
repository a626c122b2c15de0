/**
 * Why something ended as it did, in one word that programs can branch on: the table behind `reasonCode` in events,
 * views and the CLI. `retryable` is the default of what may be tried again without asking the user.
 */

export const REASON_CODES = {
  OK: { retryable: false, meaning: 'the job exited with 0 and its required outputs are there' },
  APP_EXIT_NONZERO: { retryable: false, meaning: 'the application exited with another code than 0' },
  APP_SIGNALED: { retryable: false, meaning: 'the application was ended by a signal that we did not send' },
  WALLTIME: { retryable: false, meaning: 'the job ran longer than it was allowed to' },
  LAUNCH_REJECTED: { retryable: true, meaning: 'the compute resource refused the job' },
  LAUNCH_NEVER_RAN: { retryable: true, meaning: 'the attempt was revoked before it could start' },
  LOST: { retryable: false, meaning: 'the job started, is gone, and left no exit record' },
  CANCELED_BY_USER: { retryable: false, meaning: 'a user cancelled it' },
  CANCELED_EXTERNALLY: { retryable: false, meaning: 'it was stopped, and nobody had asked us to' },
  STAGING_IN_FAILED: { retryable: true, meaning: 'an input or application file could not be put in place' },
  STAGING_OUT_FAILED: { retryable: true, meaning: 'an output could not be put into the content store' },
  OUTPUT_MISSING: { retryable: false, meaning: 'the job exited with 0 without writing a required output' },
  VALIDATION: { retryable: false, meaning: 'the request does not fit the application' },
  INTERNAL: { retryable: false, meaning: 'a fault of the platform' },
} as const satisfies Record<string, { readonly retryable: boolean; readonly meaning: string }>;

export type ReasonCode = keyof typeof REASON_CODES;

export const REASON_CODE_NAMES = Object.keys(REASON_CODES) as [ReasonCode, ...ReasonCode[]];
