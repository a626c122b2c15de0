// Rubbish on the commands topic, from a stranger with a Kafka client: it is in the dead letters with its origin and the
// error, and the partition that it lies on goes on.
import { describeWith, runTool } from '../harness/tool.js';
import { Stack } from '../harness/stack.js';
import { eventually } from '../harness/eventually.js';

describeWith('rubbish on tidemark.commands', ['kcat', '-V'], () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.up();
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  const kcat = async (input: string, ...args: string[]): Promise<string> => {
    const run = await runTool('kcat', ['-b', stack.broker, ...args], { input });
    if (run.status !== 0) throw new Error(run.stderr);
    return run.stdout;
  };

  it('goes to the dead letters, and every partition goes on', async () => {
    for (let partition = 0; partition < 12; partition++) {
      await kcat(
        'not json at all',
        '-P',
        '-t',
        'tidemark.commands',
        '-p',
        String(partition),
        '-k',
        'rubbish',
      );
    }
    const letters = await eventually(async () => {
      const format = '%h|%s\\n';
      const read = await kcat(
        '',
        '-C',
        '-t',
        'tidemark.dead-letters',
        '-o',
        'beginning',
        '-e',
        '-q',
        '-f',
        format,
      );
      const lines = read.split('\n').filter((line) => line !== '');
      return lines.length >= 12 ? lines : undefined;
    }, 60_000);
    expect(letters).toHaveLength(12);
    for (const letter of letters) {
      expect(letter).toMatch(/tidemark\.commands/);
      expect(letter).toMatch(/not json at all/);
    }
    // Keys enough to fall on every partition behind the rubbish.
    const ids = await Promise.all(
      Array.from({ length: 36 }, async (_, index) => {
        const { status, body } = await stack.submit('true', {}, `behind-${index}`);
        expect(status).toBe(202);
        return String(body.id);
      }),
    );
    for (const id of ids) await stack.until(id, ['COMPLETED'], 60_000);
  }, 180_000);

  it('shows the whole history, readable', async () => {
    const history = await kcat(
      '',
      '-C',
      '-t',
      'tidemark.experiments',
      '-o',
      'beginning',
      '-e',
      '-q',
      '-f',
      '%h %k %s\\n',
    );
    expect(history).toMatch(/ExperimentCreated/);
    expect(history).toMatch(/ExperimentCompleted/);
  });
});
