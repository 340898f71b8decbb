using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Enclave.Signing;

/// <summary>Everything <em>Sign</em> needs of an open attempt. While it exists the group stays in memory and the request counts as open.</summary>
internal sealed class OpenedAttempt(VerifiedRequest request, PairMap pairs, HeldNonces nonces, RoundBlobEnvelope round1, GroupBundle group, Holdings held) : IDisposable
{
    public VerifiedRequest Request { get; } = request;

    public PairMap Pairs { get; } = pairs;

    public HeldNonces Nonces { get; } = nonces;

    /// <summary>What was answered to <em>Open</em>.</summary>
    public RoundBlobEnvelope Round1 { get; } = round1;

    public GroupBundle Group { get; } = group;

    /// <summary>Wipes the nonces that were not taken, and lets go of group, memory and count.</summary>
    public void Dispose() => held.Dispose();
}
