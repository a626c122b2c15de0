/** Settings from flags and environment, their faults, and the ports they ask for. */
import { describe, expect, it } from '@jest/globals';
import net from 'node:net';
import { claimPorts } from './ports.js';
import { readSettings, SETTINGS } from './settings.js';

describe('settings', () => {
  it('have the documented defaults', () => {
    expect(readSettings({}, {})).toEqual({
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
  it('in use are named with what changes them', async () => {
    const server = net.createServer().listen({ host: '127.0.0.1', port: 0 });
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const settings = { replicas: 1, httpPort: port, brokerPort: 0, brokerAdminPort: 0, postgresPort: 0 };
    await expect(claimPorts(settings)).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use: set TIDEMARK_HTTP_PORT or --http-port to another (0 takes a free one)`,
    );
    await new Promise((resolve) => server.close(resolve));
  });

  it('asked for twice are a fault', async () => {
    const settings = { replicas: 1, httpPort: 0, brokerPort: 0, brokerAdminPort: 0, postgresPort: 0 };
    const { brokerPort } = await claimPorts(settings);
    const twice = { ...settings, brokerPort, brokerAdminPort: brokerPort };
    await expect(claimPorts(twice)).rejects.toThrow(`port ${brokerPort} is asked for twice`);
  });

  it('wished free are all different', async () => {
    const ports = await claimPorts({
      replicas: 1,
      httpPort: 0,
      brokerPort: 0,
      brokerAdminPort: 0,
      postgresPort: 0,
    });
    expect(new Set(Object.values(ports)).size).toBe(4);
  });
});
