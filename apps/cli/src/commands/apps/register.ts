/** `tidemark apps register FILE`: an application from its JSON file, with the files that it names. */
import path from 'node:path';
import type { Command } from 'commander';
import { ApiClient } from '../../stack/api-client.js';
import { registerApplication } from '../../stack/application-file.js';
import { findApi } from '../../stack/target.js';
import { command } from '../command.js';

export function appsRegisterCommand(): Command {
  return command('register <file>', 'register an application from a JSON file', async (call) => {
    const api = new ApiClient(findApi());
    const application = await registerApplication(api, path.resolve(call.arguments[0] ?? ''));
    call.console.line(`registered ${application.name} ${application.version}`);
    call.console.document(application);
  });
}
