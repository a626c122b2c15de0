/** Settings from flags and environment, their faults, and the ports they ask for. */
import { describe, expect, it } from '@jest/globals';
import net from 'node:net';
import { claimPorts } from './ports.js';
import { readSettings, SETTINGS } from './settings.js';

describe('settings', () => {
  it('have the documented defaults', () => {
    expect(readSettings({}, {})).toEqual({
      brokers: 3,
      brokersGiven: false,
      replicas: 2,
      httpPort: 8080,
      brokerPort: 9092,
      brokerAdminPort: 9192,
      postgresPort: 0,
    });
  });

  it('come from the environment, and a flag wins', () => {
    const environment = { TIDEMARK_HTTP_PORT: '1', TIDEMARK_BROKER_PORT: '2' };
    expect(readSettings({ httpPort: '0' }, environment)).toMatchObject({ httpPort: 0, brokerPort: 2 });
  });

  it('tell a number of brokers that was asked for from the one that is usual', () => {
    expect(readSettings({ brokers: '3' }, {})).toMatchObject({ brokers: 3, brokersGiven: true });
    expect(readSettings({}, { TIDEMARK_BROKER_COUNT: '2' })).toMatchObject({
      brokers: 2,
      brokersGiven: true,
    });
  });

  it('report all faults in one line, each with where it was said', () => {
    expect(() =>
      readSettings({ replicas: '0' }, { TIDEMARK_HTTP_PORT: '70000', TIDEMARK_BROKER_PORT: '-1' }),
    ).toThrow(
      "--replicas must be a whole number from 1 to 9, not '0'; " +
        "TIDEMARK_HTTP_PORT must be a whole number from 0 to 65535, not '70000'; " +
        "TIDEMARK_BROKER_PORT must be a whole number from 0 to 65535, not '-1'",
    );
  });

  it.each(SETTINGS.map((setting) => [setting.flag, setting] as const))(
    'names %s after its key',
    (flag, { key }) => {
      const camel = flag.slice(2).replace(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
      expect(camel).toBe(key);
    },
  );
});

describe('ports', () => {
  const FREE = { ...readSettings({}, {}), httpPort: 0, brokerPort: 0, brokerAdminPort: 0, postgresPort: 0 };

  it('in use are named with what changes them', async () => {
    const server = net.createServer().listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    await expect(claimPorts({ ...FREE, httpPort: port }, [1])).rejects.toThrow(
      `port ${port} of front-door-1 on 127.0.0.1 is in use: set TIDEMARK_HTTP_PORT or --http-port to another (0 takes a free one)`,
    );
    await expect(claimPorts({ ...FREE, brokerPort: port - 2 }, [3])).rejects.toThrow(
      `port ${port} of broker-3 on 127.0.0.1 is in use: set TIDEMARK_BROKER_PORT or --broker-port to another`,
    );
    await new Promise((resolve) => server.close(resolve));
  });

  it('asked for twice are a fault', async () => {
    const { brokers } = await claimPorts(FREE, [1]);
    const port = brokers[1]?.kafka ?? 0;
    const twice = { ...FREE, brokerPort: port, brokerAdminPort: port };
    await expect(claimPorts(twice, [1])).rejects.toThrow(`port ${port} of broker-1 is asked for twice`);
  });

  it('wished free are all different', async () => {
    const { httpPort, postgresPort, brokers } = await claimPorts(FREE, [1, 2, 5]);
    const ports = [
      httpPort,
      postgresPort,
      ...Object.values(brokers).flatMap(({ kafka, admin }) => [kafka, admin]),
    ];
    expect(Object.keys(brokers)).toEqual(['1', '2', '5']);
    expect(new Set(ports).size).toBe(8);
  });
});
