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
    private readonly TimeProvider _time;

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
        _time = options.Time;
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

    /// <summary>A signer for the places of this profile that keep their key at home. It holds its nonces in memory: make one for a process, and dispose it before the client.</summary>
    /// <param name="options">Who decides what it signs; by default it signs what this profile requested or approved, and nothing else.</param>
    public CoSigner CreateCoSigner(CoSignerOptions? options = null) => new(_transport, Profile, Groups, _time, options ?? new CoSignerOptions());

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _transport.Dispose();
}
