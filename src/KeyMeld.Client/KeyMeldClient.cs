using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>
/// A user's side of KeyMeld (protocol.md): one gateway, one attestation policy, one profile. It trusts only what it verifies: the enclaves by their attestation
/// documents, the group by the roster it recomputes, every signature against its own group record. Safe for concurrent use.
/// </summary>
public sealed class KeyMeldClient : IDisposable
{
    private readonly GatewayTransport _transport;

    private KeyMeldClient(Uri gateway, AttestationPolicy policy, Profile profile, KeyMeldClientOptions options)
    {
        _transport = new GatewayTransport(gateway, options);
        Gateway = gateway;
        Profile = profile;
        var verifier = new EnclaveVerifier(_transport, policy, profile.PinBook, options.Time);
        Enclaves = new EnclaveOperations(_transport, verifier, profile);
        Groups = new GroupOperations(_transport, Enclaves, verifier, profile, options.Time);
        Signings = new SigningOperations(_transport, verifier, profile, options.Time);
        Keys = new KeyOperations(_transport, Enclaves, verifier, profile, options.Time);
    }

    /// <summary>The gateway this client talks to.</summary>
    public Uri Gateway { get; }

    /// <summary>The user's secrets and records. Not disposed with the client.</summary>
    public Profile Profile { get; }

    /// <summary>The gateway's enclaves, verified.</summary>
    public EnclaveOperations Enclaves { get; }

    /// <summary>Creating, joining, checking and erasing groups.</summary>
    public GroupOperations Groups { get; }

    /// <summary>Requesting, reviewing, approving and collecting signatures.</summary>
    public SigningOperations Signings { get; }

    /// <summary>Keys of this user alone: importing, making, signing with and erasing them.</summary>
    public KeyOperations Keys { get; }

    /// <summary>Makes a client. No call is made yet.</summary>
    /// <param name="gateway">Scheme, host and port of the gateway, <c>https</c> unless it is on this machine (loopback), without path.</param>
    /// <param name="policy">Which enclaves are trusted: <see cref="AttestationPolicy"/> for production releases, or the development root for a gateway on this machine.</param>
    /// <param name="profile">The user's profile.</param>
    /// <param name="options">Clock and timeouts.</param>
    /// <exception cref="KeyMeldException"><c>gateway_insecure</c>: plain http, or a development root, for a gateway that is not on this machine.</exception>
    public static KeyMeldClient Connect(Uri gateway, AttestationPolicy policy, Profile profile, KeyMeldClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(profile);
        GatewayAddress.Check(gateway, policy);
        return new KeyMeldClient(gateway, policy, profile, options ?? new KeyMeldClientOptions());
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _transport.Dispose();
}
