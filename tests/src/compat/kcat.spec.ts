// kcat (librdkafka), unmodified, as people use it: create, produce with each codec, consume, seek by time, consume in a
// group, list offsets.
import { BrokerProcess } from '../harness/broker-process.js';
import { describeWith, runTool } from '../harness/tool.js';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

describeWith('kcat', ['kcat', '-V'], () => {
  let broker: BrokerProcess;
  const kcat = async (input: string, ...args: string[]): Promise<string> => {
    const run = await runTool('kcat', ['-b', broker.address, ...args], { input });
    if (run.status !== 0) throw new Error(`kcat ${args.join(' ')}: ${run.stderr}\n${broker.log}`);
    return run.stdout;
  };
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

  beforeAll(async () => {
    broker = await BrokerProcess.start();
  }, 30_000);
  afterAll(() => broker.stop());

  it.each(CODECS)(
    'produces and consumes with codec %s',
    async (codec) => {
      const topic = `codec-${codec}`;
      const sent = Array.from({ length: 200 }, (_, index) => `key-${index}:value-${index}-${'x'.repeat(50)}`);
      await kcat(sent.join('\n'), '-P', '-t', topic, '-z', codec, '-K', ':');
      const received = await kcat('', '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-K', ':');
      expect(lines(received)).toEqual(sent);
    },
    30_000,
  );

  it('lists the cluster', async () => {
    await kcat('one\n', '-P', '-t', 'listed');
    const listing = JSON.parse(await kcat('', '-L', '-J')) as {
      brokers: unknown[];
      topics: { topic: string; partitions: { leader: number }[] }[];
    };
    expect(listing.brokers).toHaveLength(1);
    expect(listing.topics.find(({ topic }) => topic === 'listed')?.partitions[0]?.leader).toBe(1);
  });

  it('seeks by time and asks for offsets', async () => {
    await kcat('early\n', '-P', '-t', 'timed', '-p', '0');
    const between = Date.now() + 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await kcat('late\n', '-P', '-t', 'timed', '-p', '0');
    expect(lines(await kcat('', '-C', '-t', 'timed', '-o', `s@${between}`, '-e', '-q'))).toEqual(['late']);
    expect(await kcat('', '-Q', '-t', `timed:0:${between}`)).toMatch(/offset 1/);
    expect(await kcat('', '-Q', '-t', 'timed:0:-1')).toMatch(/offset 2/);
    expect(await kcat('', '-Q', '-t', 'timed:0:-2')).toMatch(/offset 0/);
  });

  it('consumes in a group, and goes on where the group was', async () => {
    await kcat('1\n2\n3\n', '-P', '-t', 'grouped');
    const read = ['-G', 'readers', '-X', 'auto.offset.reset=earliest', '-e', '-q', 'grouped'];
    expect(lines(await kcat('', ...read)).sort()).toEqual(['1', '2', '3']);
    await kcat('4\n', '-P', '-t', 'grouped');
    expect(lines(await kcat('', ...read))).toEqual(['4']);
  }, 60_000);

  it('keeps headers, empty values and null values apart', async () => {
    await kcat('', '-P', '-t', 'shapes', '-k', 'k', '-H', 'a=1', '-H', 'b=2', '-l', '/dev/null');
    await kcat('k:\n', '-P', '-t', 'shapes', '-K', ':', '-Z', '-H', 'a=1', '-H', 'b=2');
    await kcat('k:v\n', '-P', '-t', 'shapes', '-K', ':', '-H', 'a=1', '-H', 'b=2');
    const format = ['-f', '%k|%S|%s|%h\\n'];
    const shown = lines(await kcat('', '-C', '-t', 'shapes', '-o', 'beginning', '-e', '-q', ...format));
    expect(shown).toEqual(['k|-1||a=1,b=2', 'k|1|v|a=1,b=2']);
  });

  it('is idempotent when asked to be', async () => {
    const sent = Array.from({ length: 500 }, (_, index) => `r${index}`);
    await kcat(
      sent.join('\n'),
      '-P',
      '-t',
      'idempotent',
      '-X',
      'enable.idempotence=true',
      '-X',
      'batch.num.messages=7',
    );
    expect(lines(await kcat('', '-C', '-t', 'idempotent', '-o', 'beginning', '-e', '-q'))).toEqual(sent);
  }, 30_000);
});
