// Experiments submitted while every broker is killed in turn, in a number that every run of the tests can bear; the full
// hundred is `npm run faults -- experiments`.
import { experimentsWhileBrokersDie } from '../faults/shows/experiments.js';

const EXPERIMENTS = 30;

describe('a stack whose brokers are killed while experiments are submitted', () => {
  it(`brings ${EXPERIMENTS} to their end, launches each once, and has one view of the history`, async () => {
    const { reasons, invalid } = await experimentsWhileBrokersDie(EXPERIMENTS);
    expect({ reasons, invalid }).toEqual({ reasons: [], invalid: undefined });
  }, 400_000);
});
