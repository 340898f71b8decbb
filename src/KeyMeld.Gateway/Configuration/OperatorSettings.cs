using System.Collections.Immutable;
using System.Net;

namespace KeyMeld.Gateway.Configuration;

/// <summary>A listener for operators alone: who comes in there needs no token, and users' calls are not served there.</summary>
/// <param name="Listen">An address of this machine, or a unix socket for this process's own user.</param>
/// <param name="Certificate">PEM files, exactly when it speaks TLS.</param>
/// <param name="Networks">Beside loopback and the unix socket: peers that need no token.</param>
/// <param name="Hosts">Names, beside localhost and IP addresses, that a call's <c>Host</c> may have.</param>
internal sealed record OperatorListener(EndPoint Listen, CertificateFiles? Certificate, ImmutableArray<IPNetwork> Networks, ImmutableArray<string> Hosts);
