/** `tidemark apps list`: the latest version of every application. */
import type { ApplicationView } from '@tidemark/contracts';
import type { Command } from 'commander';
import { renderTable } from '../../console/table.js';
import { ApiClient } from '../../stack/api-client.js';
import { findApi } from '../../stack/target.js';
import { command } from '../command.js';

export function appsListCommand(): Command {
  return command('list', 'list the registered applications', async ({ console }) => {
    const api = new ApiClient(findApi());
    const applications: ApplicationView[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const page = await api.json<{ items: ApplicationView[]; next?: string }>(`/v1/applications${query}`);
      applications.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    console.line(
      renderTable(
        ['NAME', 'VERSION', 'INPUTS', 'DESCRIPTION'],
        applications.map(({ name, version, inputs, description }) => [
          name,
          version,
          inputs.map((input) => `${input.name}${input.required ? '' : '?'}:${input.type}`).join(' '),
          description ?? '',
        ]),
      ),
    );
    console.document(applications);
  });
}
