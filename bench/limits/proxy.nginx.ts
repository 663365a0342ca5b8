import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../bench.ts';

/** nginx as a proxy with kept connections: one worker, no log. */
export function nginxProxy(nginx: string, folder: string, upstreamPort: number): Program {
  const home = join(folder, 'nginx');
  return {
    name: 'nginx',
    argv: (port) => {
      mkdirSync(home, { recursive: true });
      const file = join(home, 'nginx.conf');
      writeFileSync(file, configuration(home, port, upstreamPort));
      return [nginx, '-p', home, '-e', join(home, 'error.log'), '-c', file];
    },
    readyPath: '/api/movies/300',
  };
}

function configuration(home: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(home, name)};`,
  );
  return `
daemon off;
worker_processes 1;
pid ${join(home, 'nginx.pid')};
events { worker_connections 1024; }
http {
${temporary.join('\n')}
  access_log off;
  keepalive_requests 1000000;
  upstream movies { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://movies;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;
}
