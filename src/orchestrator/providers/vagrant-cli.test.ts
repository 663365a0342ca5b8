import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pasteable } from '../exec.ts';
import {
  compareVersions,
  machineState,
  misfit,
  parseErrors,
  parseStatus,
  parseTargets,
  parseVersion,
  vagrantMachines,
  vagrantWords,
} from './vagrant-cli.ts';

/** As `vagrant status --machine-readable` writes it. */
const status = String.raw`1795645926,master,metadata,provider,virtualbox
1795645927,agent,metadata,provider,virtualbox
1795645927,master,provider-name,virtualbox
1795645927,master,state,running
1795645927,master,state-human-short,running
1795645927,master,state-human-long,The VM is running. To stop this VM%!(VAGRANT_COMMA) you can run vagrant halt to\nshut it down forcefully
1795645927,agent,provider-name,virtualbox
1795645927,agent,state,not_created
1795645927,agent,state-human-short,not created
1795645927,,ui,info,Current machine states:\n\nmaster                    running (virtualbox)
`;

test('states are read from the machine-readable status', () => {
  assert.deepEqual(
    [...parseStatus(status)],
    [
      ['master', { provider: 'virtualbox', state: 'running' }],
      ['agent', { provider: 'virtualbox', state: 'not_created' }],
    ],
  );
  assert.equal(parseStatus('').size, 0);
});

test('every state of VirtualBox and libvirt is one of ours', () => {
  const states = [
    'running',
    'poweroff',
    'shutoff',
    'aborted',
    'saved',
    'crashed',
    'not_created',
    'gurumeditation',
    'stuck',
    'inaccessible',
  ];
  assert.deepEqual(states.map(machineState), [
    'running',
    'stopped',
    'stopped',
    'stopped',
    'stopped',
    'stopped',
    'absent',
    'unknown',
    'unknown',
    'unknown',
  ]);
});

test('an error in machine-readable form is read as people read it', () => {
  const text = String.raw`1795645926,,error-exit,VagrantPlugins::X::Errors::Y,The box 'a/b' could not be found%!(VAGRANT_COMMA) or\ncould not be accessed`;
  assert.deepEqual(parseErrors(`${text}\n${status}`), ["The box 'a/b' could not be found, or\ncould not be accessed"]);
});

test('the machines are reached as vagrant ssh-config says', () => {
  const text = `Host master
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/home/ann/my system/.vagrant/machines/master/virtualbox/private_key"
  IdentitiesOnly yes
  LogLevel FATAL

Host agent
  HostName 192.168.121.7
  User vagrant
  IdentityFile /keys/agent
  ProxyCommand ssh host -W %h:%p
`;
  const targets = parseTargets(text);
  const master = targets.get('master');
  assert.equal(master?.destination, 'vagrant@127.0.0.1');
  assert.equal(master?.port, 2222);
  assert.equal(master?.identityFile, '/home/ann/my system/.vagrant/machines/master/virtualbox/private_key');
  assert.equal(targets.get('agent')?.destination, 'vagrant@192.168.121.7');
  assert.equal(targets.get('agent')?.options['ProxyCommand'], 'ssh host -W %h:%p');
});

test('the commands ask nothing and leave what runs inside to us', () => {
  assert.equal(pasteable(vagrantWords.up(['master', 'agent'])), 'up --no-provision master agent');
  assert.equal(pasteable(vagrantWords.destroy()), 'destroy --force');
  assert.equal(pasteable(vagrantWords.halt('agent')), 'halt agent');
  assert.equal(pasteable(vagrantWords.reload('agent')), 'reload --no-provision agent');
});

test('versions are found in what programs say, and compared by number', () => {
  assert.equal(parseVersion('Vagrant 2.4.9'), '2.4.9');
  assert.equal(parseVersion('7.2.4r170995'), '7.2.4');
  assert.equal(parseVersion('7.0.16_Ubuntur162802'), '7.0.16');
  assert.equal(parseVersion('no version'), undefined);
  assert.ok(compareVersions('2.4.10', '2.4.9') > 0);
  assert.ok(compareVersions('2.3.4', '2.4.0') < 0);
  assert.equal(compareVersions('7.1', '7.1'), 0);
});

test('pairs of Vagrant and VirtualBox that do not fit are known', () => {
  for (const [vagrant, virtualbox] of [
    ['2.4.9', '7.2.4'],
    ['2.4.2', '7.1.4'],
    ['2.4.1', '7.0.20'],
    ['2.3.4', '7.0.6'],
    ['2.5.0', '8.0.0'],
  ] as const) {
    assert.equal(misfit(vagrant, virtualbox), undefined, `${vagrant} ${virtualbox}`);
  }
  assert.match(misfit('2.4.1', '7.1.4') ?? '', /up to 7\.0, and 7\.1\.4 is installed; Vagrant 2\.4\.2 or newer/);
  assert.match(misfit('2.3.4', '7.2.0') ?? '', /Vagrant 2\.4\.9 or newer/);
  assert.match(misfit('2.4.9', '8.0.0') ?? '', /a newer one than 2\.4\.9/);
});

test('the Vagrantfile has the same machines', async () => {
  const text = await readFile(new URL('../../../Vagrantfile', import.meta.url), 'utf8');
  const constants = new Map([...text.matchAll(/^(\w+) = '([\d.]+)'/gm)].map(([, name, value]) => [name, value]));
  const machines = [
    ...text.matchAll(
      /^ {2}'(\w+)' => \{\s+ip: (?:'([\d.]+)'|(\w+)), memory: ENV\.fetch\('(\w+)', (\d+)\),\s+setup: "(\w+) (\w+)/gm,
    ),
  ];
  assert.deepEqual(
    machines.map(([, name, ip, constant, memoryVariable, memory, role, nodeName]) => {
      assert.equal(nodeName, name);
      return { name, role, address: ip ?? constants.get(constant), memoryVariable, memoryMiB: Number(memory) };
    }),
    vagrantMachines.map((machine) => ({ ...machine })),
  );
});
