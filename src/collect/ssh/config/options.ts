/** Options that are read and obeyed; names in lower case. */
const HANDLED = [
  'addressfamily', 'batchmode', 'certificatefile', 'challengeresponseauthentication', 'ciphers', 'connecttimeout',
  'controlpath',
  'globalknownhostsfile', 'gssapiauthentication', 'hostkeyalgorithms', 'hostkeyalias', 'hostname', 'identitiesonly',
  'identityagent', 'identityfile', 'kbdinteractiveauthentication', 'kexalgorithms', 'macs',
  'numberofpasswordprompts', 'passwordauthentication',
  'port', 'preferredauthentications', 'proxycommand', 'proxyjump', 'pubkeyauthentication', 'serveralivecountmax',
  'serveraliveinterval', 'stricthostkeychecking', 'user', 'userknownhostsfile',
];

/**
 * Options that change neither which machine is reached, nor whom it is trusted to be, nor how one gets in, in a way
 * that matters here: display, forwarding (never done), and the algorithms of what is not done here.
 * `HashKnownHosts` and `UpdateHostKeys` concern writing known_hosts, which is never done; `VerifyHostKeyDNS` and
 * `NoHostAuthenticationForLocalhost` can only make a key be trusted with less proof. `SecurityKeyProvider` matters to
 * keys that are not used here at all.
 */
const WITHOUT_EFFECT = [
  'addkeystoagent', 'canonicaldomains', 'canonicalizefallbacklocal', 'canonicalizemaxdots', 'canonicalizepermittedcnames',
  'casignaturealgorithms', 'channeltimeout', 'checkhostip', 'clearallforwardings', 'compression',
  'connectionattempts', 'controlmaster', 'controlpersist', 'dynamicforward', 'enableescapecommandline',
  'enablesshkeysign', 'escapechar', 'exitonforwardfailure', 'fingerprinthash', 'forkafterauthentication', 'forwardagent',
  'forwardx11', 'forwardx11timeout', 'forwardx11trusted', 'gatewayports', 'gssapiclientidentity',
  'gssapidelegatecredentials', 'gssapikexalgorithms', 'gssapikeyexchange', 'gssapirenewalforcesrekey',
  'gssapiserveridentity', 'gssapitrustdns', 'hashknownhosts', 'hostbasedacceptedalgorithms', 'hostbasedauthentication',
  'hostbasedkeytypes', 'ignoreunknown', 'ipqos', 'kbdinteractivedevices', 'localcommand',
  'localforward', 'loglevel', 'logverbose', 'nohostauthenticationforlocalhost', 'obscurekeystroketiming',
  'permitlocalcommand', 'permitremoteopen', 'protocol', 'pubkeyacceptedalgorithms', 'pubkeyacceptedkeytypes',
  'rekeylimit', 'remotecommand', 'remoteforward', 'requesttty', 'requiredrsasize', 'securitykeyprovider', 'sendenv',
  'sessiontype', 'setenv', 'stdinnull', 'streamlocalbindmask', 'streamlocalbindunlink', 'syslogfacility', 'tag',
  'tcpkeepalive', 'tunnel', 'tunneldevice', 'updatehostkeys', 'usekeychain', 'verifyhostkeydns', 'versionaddendum',
  'visualhostkey', 'warnweakcrypto', 'xauthlocation',
];

const OBEYED: ReadonlySet<string> = new Set([...HANDLED, ...WITHOUT_EFFECT]);

/** Values that switch off an option which only the system's ssh obeys. */
const SWITCHED_OFF: ReadonlyMap<string, readonly string[]> = new Map([
  ['pkcs11provider', ['none']],
  ['knownhostscommand', ['none']],
  ['revokedhostkeys', ['none']],
  ['canonicalizehostname', ['no', 'false', 'none']],
  ['refuseconnection', ['no']],
  ['proxyusefdpass', ['no', 'false']],
]);

/** The usual spelling of the options that a person is likely to have and that are named in sentences. */
const SPELLING: ReadonlyMap<string, string> = new Map(
  [
    'PKCS11Provider', 'KnownHostsCommand', 'RevokedHostKeys', 'CanonicalizeHostname', 'RefuseConnection',
    'ProxyUseFdpass', 'BindAddress', 'BindInterface', 'UsePrivilegedPort', 'SmartcardDevice',
  ].map((name) => [name.toLowerCase(), name]),
);

/** Whether the option is one that this program knows. */
export function isKnownOption(name: string): boolean {
  return OBEYED.has(name) || SPELLING.has(name);
}

/**
 * Whether an option can only be obeyed by the system's ssh. Everything that is not known belongs there: to connect as
 * if a line were not there could reach another machine, or trust one that the person does not trust.
 */
export function onlySystemObeys(name: string, values: readonly string[]): boolean {
  if (OBEYED.has(name)) return false;
  const off = SWITCHED_OFF.get(name);
  return !(values.length === 1 && off?.includes((values[0] ?? '').toLowerCase()) === true);
}

/** An option's name for people. */
export function optionName(name: string): string {
  return SPELLING.get(name) ?? name;
}
