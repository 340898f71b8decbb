// protocol.md section 7: importing and making a key.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Puts a key under an enclave that was verified just now. Statement and blob are stored before they are posted; the key counts once the enclave itself confirmed it.</summary>
internal sealed class KeyAdding(GatewayTransport transport, EnclaveOperations enclaves, Profile profile, TimeProvider time)
{
    /// <param name="key">The secret to import; null has the enclave make one.</param>
    /// <param name="options">Label and enclave.</param>
    /// <param name="cancellationToken">Stops the calls.</param>
    public async Task<OwnedKey> AddAsync(SecretKey? key, NewKeyOptions options, CancellationToken cancellationToken)
    {
        if (key is not null)
        {
            RequireNoStatementKey(key.XOnlyPublicKey);
        }
        var enclave = await enclaves.VerifyAsync(options.Enclave ?? await FirstReadyAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        var record = Store(key, options.Label, new EnclaveKeys(enclave.Newest.Key, enclave.Newest.Sign, enclave.Newest.Epoch, enclave.Number));
        try
        {
            return await PostAsync(record, null, cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException error) when (GatewayRefusal.IsFinal(error))
        {
            profile.KeyRecords.Delete(record.Key);
            using var secrets = new SecretBatch().Remove(SecretNames.KeyAuthorisation(record.Key)).Remove(SecretNames.KeyResponse(record.Key));
            profile.UpdateSecrets(secrets);
            throw;
        }
    }

    /// <summary>Posts a stored key, the same bytes each time, and takes the enclave's answer.</summary>
    /// <param name="record">The stored key, unconfirmed.</param>
    /// <param name="owner">Its authorisation key: only who shows it is told the answer to a statement that was posted before.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public async Task<OwnedKey> PostAsync(OwnedKeyRecord record, SecretKey? owner, CancellationToken cancellationToken)
    {
        var call = new GatewayCall<KeyCreatedJson>(HttpMethod.Post, GatewayTargets.Keys, ProtocolJson.Default.KeyCreatedJson)
        {
            Body = ProtocolJson.Utf8(new KeyRequestJson(record.Statement, record.Unconfirmed!), ProtocolJson.Default.KeyRequestJson),
            Reader = owner,
        };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        if (answer.Id != record.Key)
        {
            throw GatewayAnswer.Invalid($"it names the key {answer.Id}, not {record.Key}");
        }
        return Confirm(record, answer.Answer ?? throw GatewayAnswer.Invalid("the enclave's answer is missing"));
    }

    private OwnedKey Confirm(OwnedKeyRecord record, byte[] wire)
    {
        var statement = Signed.ParseKey(record.Statement.ToStatement());
        using var response = profile.FindSecret(SecretNames.KeyResponse(record.Key)) ?? throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"The profile lacks the response secret of the key {record.Key}.");
        var answer = MadeKeyAnswer.Open(response.Span, SingleKeyBinding.Of(statement.Value), wire);
        var isAsAgreed = answer.Proof is null && (statement.Value.Source == KeySource.Made
            ? answer.Sealed is { Length: Hash32.Size } && !answer.Key.ToXOnly().Equals(statement.Value.Auth)
            : answer.Sealed is null && answer.Key.Equals(record.PublicKey));
        if (!isAsAgreed)
        {
            throw GatewayAnswer.Invalid("the enclave's answer shows another key than was sealed to it, or is no answer about one");
        }
        var confirmed = profile.KeyRecords.Update(record.Key, stored => stored! with { Unconfirmed = null, PublicKey = answer.Key });
        using var secrets = new SecretBatch().Remove(SecretNames.KeyResponse(record.Key));
        profile.UpdateSecrets(secrets);
        return new OwnedKey(confirmed, statement, answer.Key);
    }

    private OwnedKeyRecord Store(SecretKey? key, string? label, EnclaveKeys enclave)
    {
        using var authorisation = SecretKey.Generate();
        using var response = SecretBytes.Random(MakeKeyEnvelope.ResponseSize);
        var statement = new KeyStatement
        {
            Key = Id16.Random(),
            User = Id16.Random(),
            Auth = authorisation.XOnlyPublicKey,
            Enclave = enclave,
            Source = key is null ? KeySource.Made : KeySource.Imported,
            Created = UnixTime.Now(time),
        };
        var binding = SingleKeyBinding.Of(statement);
        var blob = key is null ? MakeKeyEnvelope.Seal(enclave.Key, binding, response.Span) : SingleKeyEnvelope.Seal(enclave.Key, binding, key, response.Span);
        var signed = StatementSigner.Sign(statement with { Envelope = key is null ? null : Hash32.Sha256(blob) }, authorisation);
        using var secrets = new SecretBatch()
            .Add(SecretNames.KeyAuthorisation(signed.Hash), authorisation.Export())
            .Add(SecretNames.KeyResponse(signed.Hash), SecretBytes.CopyFrom(response.Span));
        profile.UpdateSecrets(secrets);
        return profile.KeyRecords.Update(signed.Hash, _ => new OwnedKeyRecord
        {
            Version = ProfileLayout.Version,
            Gateway = transport.Gateway.AbsoluteUri,
            Key = signed.Hash,
            Label = label,
            Statement = SignedJson.Of(signed.Statement),
            Unconfirmed = blob,
            PublicKey = key?.PublicKey,
        });
    }

    private async Task<int> FirstReadyAsync(CancellationToken cancellationToken)
    {
        var listed = await enclaves.ListAsync(cancellationToken).ConfigureAwait(false);
        return (listed.OrderBy(enclave => enclave.Number).FirstOrDefault(enclave => enclave.State == "ready") ?? throw new KeyMeldException(ErrorCodes.Unavailable, "The gateway has no enclave that is ready.")).Number;
    }

    // A key that signs messages for others to choose must sign no statements (protocol.md section 2).
    private void RequireNoStatementKey(XOnlyPublicKey imported)
    {
        foreach (var name in profile.SecretsNamed("").Where(SecretNames.IsStatementKey))
        {
            using var known = profile.FindKey(name);
            if (known?.XOnlyPublicKey.Equals(imported) == true)
            {
                throw new KeyMeldException(ErrorCodes.KeyReused, "This key is a creator, admission or authorisation key of this profile; such a key never signs messages.");
            }
        }
    }
}
