import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pasteable, run } from '../exec.ts';
import { UsageError } from '../failure.ts';
import { parseHello } from './remote.ssh.ts';
import { ignoreHostKeys, learnHostKeys, parseHost, parseSshConfig, scpArgv, sshArgv } from './ssh-cli.ts';
import { readHosts } from './ssh.ts';

const target = {
  destination: 'ann@10.0.0.1',
  port: 2222,
  identityFile: '/keys/id',
  options: learnHostKeys('/my files/known_hosts'),
};

test('ssh never asks, gives up in time, and learns host keys in a file of ours', () => {
  const words = [
    'ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 -o LogLevel=ERROR',
    `-o StrictHostKeyChecking=accept-new -o HashKnownHosts=no -o 'UserKnownHostsFile="/my files/known_hosts"'`,
    `-i /keys/id -o IdentitiesOnly=yes -p 2222 -- ann@10.0.0.1 'sudo -n cat '\\''a b'\\'''`,
  ];
  assert.equal(pasteable(sshArgv(target, ['sudo', '-n', 'cat', 'a b'])), words.join(' '));
  const plain = sshArgv({ destination: 'host', options: ignoreHostKeys }, ['true'], '/usr/bin/ssh');
  assert.deepEqual(plain.slice(-7), [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '--',
    'host',
    'true',
  ]);
  assert.equal(plain[0], '/usr/bin/ssh');
});

test('ssh itself takes the options as they are meant', async () => {
  const argv = sshArgv(target, ['true']);
  const text = await run(['ssh', '-G', ...argv.slice(1, -1)], { timeoutMs: 10_000 });
  const values = parseSshConfig(text).get('');
  assert.equal(values?.get('userknownhostsfile'), '/my files/known_hosts');
  assert.equal(values?.get('stricthostkeychecking'), 'accept-new');
  assert.equal(values?.get('batchmode'), 'yes');
  assert.equal(values?.get('hostname'), '10.0.0.1');
  assert.equal(values?.get('port'), '2222');
});

test('scp copies into a folder', () => {
  assert.deepEqual(scpArgv(target, ['/a', '/b c'], '/tmp/x').slice(-6), [
    '-P',
    '2222',
    '--',
    '/a',
    '/b c',
    'ann@10.0.0.1:/tmp/x/',
  ]);
});

test('a machine is a host, with a user and a port at will', () => {
  assert.deepEqual(parseHost('root@10.0.0.1:2222'), { destination: 'root@10.0.0.1', port: 2222 });
  assert.deepEqual(parseHost('node-1.example.org'), { destination: 'node-1.example.org' });
  for (const wrong of ['', '-oProxyCommand=x', 'a@b@c', 'host:0', 'host:70000', 'host:', 'a b', '::1']) {
    assert.throws(() => parseHost(wrong), UsageError, wrong);
  }
});

test('the first machine is the server, each has a name of its own', () => {
  const options = { hosts: ['a', 'b', 'c', 'd'], state: '/s', cache: '/c' };
  assert.deepEqual(
    readHosts(options).map(({ name, role }) => `${name} ${role}`),
    ['master server', 'agent agent', 'agent-2 agent', 'agent-3 agent'],
  );
  assert.throws(() => readHosts({ ...options, hosts: ['a'] }), UsageError);
  assert.throws(() => readHosts({ ...options, hosts: ['a', 'a'] }), UsageError);
});

test('the first answer of a machine tells who we are and where', () => {
  assert.deepEqual(parseHello('Welcome!\n1000\n10.0.0.9 51234 10.0.0.1 22\n'), { user: '1000', address: '10.0.0.1' });
});
