/** The arguments of `kill` and `logs`. */
import { describe, expect, it } from '@jest/globals';
import { signalNamed } from './kill.js';
import { readable } from './logs.js';

describe('kill --signal', () => {
  it.each([
    ['9', 'SIGKILL'],
    ['KILL', 'SIGKILL'],
    ['sigterm', 'SIGTERM'],
    ['stop', 'SIGSTOP'],
  ])('takes %s for %s', (text, signal) => {
    expect(signalNamed(text)).toBe(signal);
  });

  it.each(['', 'NOPE', '-1', '999'])("refuses '%s'", (text) => {
    expect(() => signalNamed(text)).toThrow(`there is no signal '${text}'`);
  });
});

describe('logs', () => {
  // eslint-disable-next-line no-control-regex -- colours are taken off
  const plain = (line: string): string => readable(line).replace(/\u001b\[\d+m/g, '');

  it.each([
    ['text as it is', 'LOG:  ready', 'LOG:  ready'],
    ['broken JSON as it is', '{"level":30', '{"level":30'],
    [
      'a line of pino by its parts',
      '{"level":30,"time":1700000000000,"pid":1,"hostname":"h","name":"broker-1","msg":"ready","port":9092}',
      '22:13:20.000 info  ready {"port":9092}',
    ],
  ])('shows %s', (_name, line, shown) => {
    expect(plain(line)).toBe(shown);
  });
});
