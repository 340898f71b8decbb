using System.Collections.Immutable;
using System.Net;
using KeyMeld.Gateway.Configuration;

namespace KeyMeld.Gateway.Relaying;

/// <summary>How this gateway and those of other hosts know each other when one of them hands connections to its enclaves on.</summary>
/// <param name="Certificate">This gateway's own, with its key, for both directions.</param>
/// <param name="Roots">PEM file of the private roots in which the other side's certificate has to end; no other root counts.</param>
/// <param name="Server">What it hands on; null where it only connects to others.</param>
internal sealed record RelaySettings(CertificateFiles Certificate, string Roots, RelayServerSettings? Server);

/// <param name="Listen">Where other gateways connect.</param>
/// <param name="Clients">The names, exactly, of which a caller's certificate must have one.</param>
/// <param name="Connections">Open ones altogether, those that are still shaking hands included.</param>
internal sealed record RelayServerSettings(IPEndPoint Listen, ImmutableArray<string> Clients, int Connections);
