/** Options that are read and obeyed; names in lower case. */
const HANDLED = [
  'addressfamily', 'batchmode', 'connecttimeout', 'globalknownhostsfile', 'hostkeyalias', 'hostname', 'identitiesonly',
  'identityagent', 'identityfile', 'kbdinteractiveauthentication', 'challengeresponseauthentication',
  'numberofpasswordprompts', 'passwordauthentication', 'port', 'preferredauthentications', 'pubkeyauthentication',
  'serveralivecountmax', 'serveraliveinterval', 'stricthostkeychecking', 'user', 'userknownhostsfile',
];

/**
 * Options that change neither which machine is reached, nor whom it is trusted to be, nor how one gets in, in a way
 * that matters here: display, multiplexing, forwarding (never done), and lists of algorithms (ours are a strict set of
 * their own). `HashKnownHosts` and `UpdateHostKeys` concern writing known_hosts, which is never done.
 */
const WITHOUT_EFFECT = [
  'addkeystoagent', 'canonicaldomains', 'canonicalizefallbacklocal', 'canonicalizemaxdots', 'canonicalizepermittedcnames',
  'casignaturealgorithms', 'channeltimeout', 'checkhostip', 'ciphers', 'clearallforwardings', 'compression',
  'connectionattempts', 'controlmaster', 'controlpath', 'controlpersist', 'dynamicforward', 'enableescapecommandline',
  'enablesshkeysign', 'escapechar', 'exitonforwardfailure', 'fingerprinthash', 'forkafterauthentication', 'forwardagent',
  'forwardx11', 'forwardx11timeout', 'forwardx11trusted', 'gatewayports', 'gssapiauthentication',
  'gssapiclientidentity', 'gssapidelegatecredentials', 'gssapikexalgorithms', 'gssapikeyexchange',
  'gssapirenewalforcesrekey', 'gssapiserveridentity', 'gssapitrustdns', 'hashknownhosts', 'hostbasedacceptedalgorithms',
  'hostbasedauthentication', 'hostbasedkeytypes', 'hostkeyalgorithms', 'ignoreunknown', 'ipqos', 'kbdinteractivedevices',
  'kexalgorithms', 'localcommand', 'localforward', 'loglevel', 'logverbose', 'macs', 'nohostauthenticationforlocalhost',
  'obscurekeystroketiming', 'permitlocalcommand', 'permitremoteopen', 'protocol', 'proxyusefdpass',
  'pubkeyacceptedalgorithms', 'pubkeyacceptedkeytypes', 'rekeylimit', 'remotecommand', 'remoteforward', 'requesttty',
  'requiredrsasize', 'securitykeyprovider', 'sendenv', 'sessiontype', 'setenv', 'stdinnull', 'streamlocalbindmask',
  'streamlocalbindunlink', 'syslogfacility', 'tag', 'tcpkeepalive', 'updatehostkeys', 'usekeychain', 'verifyhostkeydns',
  'versionaddendum', 'visualhostkey', 'warnweakcrypto', 'xauthlocation',
];

const ACCEPTED: ReadonlySet<string> = new Set([...HANDLED, ...WITHOUT_EFFECT]);

/** Values that switch off an option which is otherwise refused. */
const SWITCHED_OFF: ReadonlyMap<string, readonly string[]> = new Map([
  ['proxyjump', ['none']],
  ['proxycommand', ['none']],
  ['pkcs11provider', ['none']],
  ['knownhostscommand', ['none']],
  ['certificatefile', ['none']],
  ['revokedhostkeys', ['none']],
  ['canonicalizehostname', ['no']],
  ['refuseconnection', ['no']],
]);

/** The usual spelling of the refused options that a person is likely to have. */
const SPELLING: ReadonlyMap<string, string> = new Map([
  ['proxyjump', 'ProxyJump'],
  ['proxycommand', 'ProxyCommand'],
  ['pkcs11provider', 'PKCS11Provider'],
  ['knownhostscommand', 'KnownHostsCommand'],
  ['certificatefile', 'CertificateFile'],
  ['revokedhostkeys', 'RevokedHostKeys'],
  ['canonicalizehostname', 'CanonicalizeHostname'],
  ['bindaddress', 'BindAddress'],
  ['bindinterface', 'BindInterface'],
]);

/**
 * Whether an option can be honoured by doing what is done anyway. Everything that is not known is refused: to connect
 * as if a line were not there could reach another machine, or trust one that the person does not trust.
 */
export function optionRefused(name: string, values: readonly string[]): boolean {
  if (ACCEPTED.has(name)) return false;
  const off = SWITCHED_OFF.get(name);
  return !(values.length === 1 && off?.includes((values[0] ?? '').toLowerCase()) === true);
}

/** An option's name for people. */
export function optionName(name: string): string {
  return SPELLING.get(name) ?? name;
}
