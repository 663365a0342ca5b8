import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from 'pg';
import { passwordSql } from './cluster/passwords.ts';

const url = process.env['TEST_POSTGRES_URL'];

test('PostgreSQL takes the verifier for the password, and the password never comes into a statement', async () => {
  assert.ok(url, 'npm test starts the server that this needs');
  const role = `rotated "${process.pid}"`;
  const password = "o'clock-1234";
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`CREATE ROLE "${role.replaceAll('"', '""')}" LOGIN PASSWORD 'old'`);
    const sql = passwordSql(role, password);
    assert.ok(!sql.includes('clock'));
    await admin.query(sql);
    const connect = async (given: string): Promise<void> => {
      const { hostname: host, port } = new URL(url);
      const client = new Client({ host, port: Number(port), database: 'postgres', user: role, password: given });
      try {
        await client.connect();
      } finally {
        await client.end();
      }
    };
    await connect(password);
    await assert.rejects(connect('old'), { code: '28P01' });
  } finally {
    await admin.query(`DROP ROLE IF EXISTS "${role.replaceAll('"', '""')}"`);
    await admin.end();
  }
});
