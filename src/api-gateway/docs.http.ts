import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openApi } from '@orchestrator/contracts/openapi.ts';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** The page loads nothing from elsewhere, runs no script but its own files, and is shown in nobody's frame. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const CACHE_S = 3600;

/** Every file that is served, by its path, and no other. */
const files = [
  { path: '/docs', type: 'text/html; charset=utf-8', file: './web/docs.html' },
  { path: '/docs/docs.css', type: 'text/css', file: './web/docs.css' },
  { path: '/docs/docs.js', type: 'text/javascript', file: './web/docs.js' },
  { path: '/docs/favicon.png', type: 'image/png', file: 'swagger-ui-dist/favicon-32x32.png' },
  { path: '/docs/swagger-ui.css', type: 'text/css', file: 'swagger-ui-dist/swagger-ui.css' },
  { path: '/docs/swagger-ui.js', type: 'text/javascript', file: 'swagger-ui-dist/swagger-ui-bundle.js' },
];

/** `GET /openapi.json`: the API described for programs. `GET /docs`: the same for people. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/', async (_request, reply) => reply.redirect('/docs'));

  const description = JSON.stringify(openApi);
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(description));

  for (const { path, type, file } of files) {
    const location = fileURLToPath(import.meta.resolve(file));
    app.get(path, async (request, reply) => {
      const { size, mtimeMs } = await stat(location);
      const etag = `"${size.toString(36)}-${mtimeMs.toString(36)}"`;
      reply.headers({
        'cache-control': `max-age=${CACHE_S}`,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        etag,
        'x-content-type-options': 'nosniff',
      });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return sendFile(reply.type(type), location, size);
    });
  }
}

function sendFile(reply: FastifyReply, location: string, size: number): FastifyReply {
  return reply.header('content-length', size).send(createReadStream(location));
}
