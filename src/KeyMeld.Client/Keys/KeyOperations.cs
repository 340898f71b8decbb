using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// Keys of one owner (protocol.md section 7): each has an authorisation key of its own, so that the gateway cannot tell which keys are one person's. Enclaves are verified anew
/// before anything is sealed to them, every answer is authenticated, every signature verified.
/// </summary>
public sealed class KeyOperations
{
    private const int ShortestPrefix = 8;
    private static readonly TimeSpan UsualLifetime = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(30);
    private readonly GatewayTransport _transport;
    private readonly Profile _profile;
    private readonly TimeProvider _time;
    private readonly KeyAdding _adding;
    private readonly KeySigning _signing;

    internal KeyOperations(GatewayTransport transport, EnclaveOperations enclaves, EnclaveVerifier verifier, Profile profile, TimeProvider time)
    {
        (_transport, _profile, _time) = (transport, profile, time);
        _adding = new KeyAdding(transport, enclaves, profile, time);
        _signing = new KeySigning(transport, verifier, profile, time);
    }

    /// <summary>Seals a secret to an enclave that proved itself just now, and takes it for imported once that enclave confirmed the very key.</summary>
    /// <param name="key">The secret; it stays the caller's, and is not stored by the profile.</param>
    /// <param name="options">Label and enclave.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <exception cref="KeyMeldException">
    /// <c>attestation_invalid</c>, <c>enclave_changed</c>; <c>key_reused</c>: it is a statement key of this profile; <c>gateway_response_invalid</c>: the answer is not the enclave's; or what
    /// the gateway answered. Where it is open whether the gateway has taken it, <see cref="ResumeAsync"/> goes on.
    /// </exception>
    public Task<OwnedKey> ImportAsync(SecretKey key, NewKeyOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _adding.AddAsync(key, options ?? new NewKeyOptions(), cancellationToken);
    }

    /// <summary>Has an enclave make a key that nobody ever holds outside of it. It has no recovery but the enclave's identity key.</summary>
    /// <inheritdoc cref="ImportAsync"/>
    public Task<OwnedKey> MakeAsync(NewKeyOptions? options = null, CancellationToken cancellationToken = default) =>
        _adding.AddAsync(null, options ?? new NewKeyOptions(), cancellationToken);

    /// <summary>Posts a pending key again, byte for byte: after a lost answer.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, or as importing.</exception>
    public async Task<OwnedKey> ResumeAsync(Hash32 key, CancellationToken cancellationToken = default)
    {
        var record = OnThisGateway(key);
        if (record.Unconfirmed is null)
        {
            return Load(key);
        }
        using var owner = GetAuthorisation(key);
        return await _adding.PostAsync(record, owner, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The keys this profile knows, of all gateways; no call.</summary>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c>.</exception>
    public IReadOnlyList<OwnedKeySummary> List() => [.. _profile.KeyRecords.List().Select(OwnedKeySummary.Of)];

    /// <summary>Finds one known key by its label, its id or a prefix of it of at least 8 hex digits.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>: none or more than one.</exception>
    public OwnedKeySummary Find(string labelOrId)
    {
        var found = List().Where(key => key.Label == labelOrId
            || (labelOrId.Length >= ShortestPrefix && key.Id.ToString().StartsWith(labelOrId, StringComparison.Ordinal))).ToList();
        return found.Count == 1 ? found[0] : throw new KeyMeldException(ErrorCodes.NotFound, $"{found.Count} keys of this profile are called '{UntrustedText.Show(labelOrId)}'.");
    }

    /// <summary>A confirmed key of this profile; no call.</summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>; <c>still_pending</c>: never confirmed; <c>erased</c>; <c>profile_invalid</c>.</exception>
    public OwnedKey Load(Hash32 key)
    {
        var record = _profile.KeyRecords.Get(key);
        if (record.Erased)
        {
            throw new KeyMeldException(ErrorCodes.Erased, $"The key {key} was erased.");
        }
        if (record is not { Unconfirmed: null, PublicKey: { } publicKey })
        {
            throw new KeyMeldException(ErrorCodes.StillPending, $"The key {key} was never confirmed by its enclave; resume it.");
        }
        var statement = Signed.ParseKey(record.Statement.ToStatement());
        return statement.Hash == key ? new OwnedKey(record, statement, publicKey) : throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile's record of the key {key} contradicts itself.");
    }

    /// <summary>The confirmed keys of this profile on this gateway, as far as the gateway has them, its statements compared with the profile's.</summary>
    /// <exception cref="KeyMeldException"><c>gateway_response_invalid</c>: it shows another statement; or what the gateway answered.</exception>
    public async Task<IReadOnlyList<OwnedKey>> ListAsync(CancellationToken cancellationToken = default)
    {
        var present = new List<OwnedKey>();
        foreach (var key in List().Where(key => key.State == OwnedKeyState.Ready && GatewayAddress.Same(key.Gateway, _transport.Gateway)))
        {
            using var owner = GetAuthorisation(key.Id);
            var call = new GatewayCall<KeyListJson>(HttpMethod.Get, GatewayTargets.Keys, ProtocolJson.Default.KeyListJson) { Reader = owner };
            var answer = await _transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            var mine = Load(key.Id);
            if (answer.Keys.FirstOrDefault(shown => shown.Id == key.Id) is { } shown)
            {
                present.Add(shown.Key.Equals(mine.Record.Statement) ? mine : throw GatewayAnswer.Invalid($"it shows another statement for the key {key.Id}"));
            }
        }
        return present;
    }

    /// <summary>Signs 32 bytes as BIP-340 says, with the key after a tweak.</summary>
    /// <param name="key">The key.</param>
    /// <param name="message32">The digest, 32 bytes.</param>
    /// <param name="tweak">None, BIP-86, or the Merkle root of a script tree; none when null.</param>
    /// <param name="timeout">How long to go on while the gateway or the enclave is away; 30 seconds when null.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    /// <returns>A signature that verifies under <see cref="OwnedKey.OutputKey"/> of that tweak.</returns>
    /// <exception cref="KeyMeldException"><c>attestation_invalid</c>, <c>enclave_changed</c>, <c>gateway_response_invalid</c>, <c>signature_invalid</c>, <c>erased</c>, or what the gateway answered.</exception>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public async Task<SchnorrSignature> SignBip340Async(
        OwnedKey key, ReadOnlyMemory<byte> message32, SingleTweak? tweak = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        using var prepared = await PrepareAsync(key, message32, SingleSignAlgorithm.Bip340, tweak, cancellationToken: cancellationToken).ConfigureAwait(false);
        return SchnorrSignature.Parse((await SubmitAsync(prepared, timeout, cancellationToken).ConfigureAwait(false)).Span);
    }

    /// <summary>Signs 32 bytes with ECDSA: nonce of RFC 6979, low s.</summary>
    /// <returns>A signature that verifies under <see cref="OwnedKey.PublicKey"/>.</returns>
    /// <inheritdoc cref="SignBip340Async"/>
    public async Task<EcdsaSignature> SignEcdsaAsync(OwnedKey key, ReadOnlyMemory<byte> message32, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        using var prepared = await PrepareAsync(key, message32, SingleSignAlgorithm.Ecdsa, cancellationToken: cancellationToken).ConfigureAwait(false);
        return EcdsaSignature.Parse((await SubmitAsync(prepared, timeout, cancellationToken).ConfigureAwait(false)).Span);
    }

    /// <summary>Verifies the enclave anew, seals a message to it and signs the request; nothing is posted.</summary>
    /// <param name="key">The key.</param>
    /// <param name="message32">The digest, 32 bytes.</param>
    /// <param name="algorithm">How to sign.</param>
    /// <param name="tweak">Only with BIP-340; none when null.</param>
    /// <param name="lifetime">How long the request lives, at most 24 hours; 10 minutes when null.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>To be submitted and disposed.</returns>
    /// <exception cref="KeyMeldException"><c>attestation_invalid</c>, <c>enclave_changed</c>, <c>request_invalid</c>: a tweak with ECDSA; <c>not_found</c>.</exception>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public async Task<PreparedKeySigning> PrepareAsync(
        OwnedKey key, ReadOnlyMemory<byte> message32, SingleSignAlgorithm algorithm, SingleTweak? tweak = null, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return (await PrepareManyAsync(key, [message32], algorithm, tweak, lifetime, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Several requests for one key in one operation: its enclave is verified once for all of them.</summary>
    /// <param name="key">The key.</param>
    /// <param name="messages32">The digests, 32 bytes each.</param>
    /// <param name="algorithm">How to sign.</param>
    /// <param name="tweak">Only with BIP-340; none when null.</param>
    /// <param name="lifetime">How long the requests live, at most 24 hours; 10 minutes when null.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>One for each digest, to be submitted and disposed.</returns>
    /// <exception cref="KeyMeldException">As for one.</exception>
    /// <exception cref="ArgumentException">A digest is not 32 bytes.</exception>
    public Task<IReadOnlyList<PreparedKeySigning>> PrepareManyAsync(
        OwnedKey key, IReadOnlyList<ReadOnlyMemory<byte>> messages32, SingleSignAlgorithm algorithm, SingleTweak? tweak = null, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(messages32);
        return _signing.PrepareAsync(key, [.. messages32.Select(message => new Hash32(message.Span))], algorithm, tweak ?? new SingleTweak.None(), lifetime ?? UsualLifetime, cancellationToken);
    }

    /// <summary>Posts a prepared request and verifies what comes back. While gateway or enclave are away it is posted again, the same bytes each time.</summary>
    /// <returns>64 bytes.</returns>
    /// <inheritdoc cref="SignBip340Async"/>
    public async Task<ReadOnlyMemory<byte>> SubmitAsync(PreparedKeySigning prepared, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        _ = OnThisGateway(prepared.Key.Id);
        return await _signing.SubmitAsync(prepared, timeout ?? UsualPatience, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Has the gateway erase the sealed key and the enclave forget it, which an honest one does, and then destroys the authorisation key here, without which nobody can have the key sign.
    /// </summary>
    /// <exception cref="KeyMeldException"><c>not_found</c>, or what the gateway answered.</exception>
    public async Task EraseAsync(Hash32 key, CancellationToken cancellationToken = default)
    {
        if (OnThisGateway(key).Erased)
        {
            return;
        }
        using var owner = GetAuthorisation(key);
        var erase = StatementSigner.Sign(new KeyErase { Key = key, Created = UnixTime.Now(_time) }, owner);
        var call = new GatewayCall<StateJson>(HttpMethod.Post, GatewayTargets.EraseKey(key), ProtocolJson.Default.StateJson) { Body = ProtocolJson.Utf8(SignedJson.Of(erase.Statement), ProtocolJson.Default.SignedJson) };
        try
        {
            var answer = await _transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            if (answer.State != "erased")
            {
                throw GatewayAnswer.Invalid($"the key is {UntrustedText.Show(answer.State)} after it was erased");
            }
        }
        catch (KeyMeldException error) when (error.Code == ErrorCodes.NotFound && _profile.KeyRecords.Get(key).Unconfirmed is not null)
        {
            // It was never there.
        }
        _profile.KeyRecords.Update(key, stored => stored! with { Erased = true, Unconfirmed = null });
        using var secrets = new SecretBatch().Remove(SecretNames.KeyAuthorisation(key)).Remove(SecretNames.KeyResponse(key));
        _profile.UpdateSecrets(secrets);
    }

    private OwnedKeyRecord OnThisGateway(Hash32 key)
    {
        var record = _profile.KeyRecords.Get(key);
        return GatewayAddress.Same(new Uri(record.Gateway), _transport.Gateway)
            ? record
            : throw new KeyMeldException(ErrorCodes.BadRequest, $"The key lives on {record.Gateway}; connect to that gateway.");
    }

    private SecretKey GetAuthorisation(Hash32 key) => _profile.FindKey(SecretNames.KeyAuthorisation(key))
        ?? throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile lacks the authorisation key of the key {key}.");
}
