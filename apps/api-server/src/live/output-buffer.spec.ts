// Chunks as they may come: in order, twice, overlapping, with a hole, and too many.
import { OutputBuffer } from './output-buffer.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('output buffer', () => {
  it('joins chunks and passes over what it knows', () => {
    const buffer = new OutputBuffer(100);
    buffer.append(0, bytes('hello '));
    buffer.append(0, bytes('hello '));
    buffer.append(3, bytes('lo world'));
    buffer.append(2, bytes('llo'));
    expect(buffer.read(0).toString()).toBe('hello world');
    expect([buffer.start, buffer.end]).toEqual([0, 11]);
  });

  it('reads a part', () => {
    const buffer = new OutputBuffer(100);
    buffer.append(0, bytes('abc'));
    buffer.append(3, bytes('def'));
    expect(buffer.read(2, 5).toString()).toBe('cde');
    expect(buffer.read(6).toString()).toBe('');
    expect(buffer.read(99).toString()).toBe('');
  });

  it('drops the oldest when there is too much', () => {
    const buffer = new OutputBuffer(6);
    for (const [offset, text] of [
      [0, 'aaa'],
      [3, 'bbb'],
      [6, 'ccc'],
    ] as const)
      buffer.append(offset, bytes(text));
    expect([buffer.start, buffer.end, buffer.read(0).toString()]).toEqual([3, 9, 'bbbccc']);
  });

  it('begins anew behind a hole, and in the middle when the beginning has expired', () => {
    const buffer = new OutputBuffer(100);
    buffer.append(50, bytes('later'));
    expect([buffer.start, buffer.read(0).toString()]).toEqual([50, 'later']);
    buffer.append(80, bytes('much later'));
    expect([buffer.start, buffer.read(0).toString()]).toEqual([80, 'much later']);
    buffer.append(10, bytes('early'));
    expect([buffer.start, buffer.end]).toEqual([80, 90]);
  });
});
