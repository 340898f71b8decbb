// protocol.md section 7: single-sign.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Asks for a signature and believes nothing but the signature itself.</summary>
internal sealed class KeySigning(GatewayTransport transport, EnclaveVerifier verifier, Profile profile, TimeProvider time)
{
    public async Task<IReadOnlyList<PreparedKeySigning>> PrepareAsync(
        OwnedKey key, IReadOnlyList<Hash32> messages, SingleSignAlgorithm algorithm, SingleTweak tweak, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (algorithm == SingleSignAlgorithm.Ecdsa && tweak is not SingleTweak.None)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "ECDSA signs with the key as it is, without a tweak.");
        }
        using var authorisation = profile.FindKey(SecretNames.KeyAuthorisation(key.Id))
            ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has no authorisation key for {key.Id}: it was erased, or is another profile's.");
        await verifier.VerifyAsync([key.Statement.Value.Enclave], cancellationToken).ConfigureAwait(false);
        var prepared = new List<PreparedKeySigning>(messages.Count);
        try
        {
            foreach (var message in messages)
            {
                prepared.Add(Prepare(key, authorisation, message, algorithm, tweak, lifetime));
            }
            return prepared;
        }
        catch
        {
            prepared.ForEach(request => request.Dispose());
            throw;
        }
    }

    private PreparedKeySigning Prepare(OwnedKey key, SecretKey authorisation, Hash32 message, SingleSignAlgorithm algorithm, SingleTweak tweak, TimeSpan lifetime)
    {
        var blob = new SingleSignBlob(message, tweak, SecretBytes.Random(MakeKeyEnvelope.ResponseSize));
        try
        {
            var request = Id16.Random();
            var wire = SingleSignEnvelope.Seal(key.Statement.Value.Enclave.Key, key.Id, request, blob);
            var now = UnixTime.Now(time);
            var statement = new SingleSign { Key = key.Id, Request = request, Created = now, Expires = now + (long)lifetime.TotalMilliseconds, Algorithm = algorithm, Sealed = Hash32.Sha256(wire) };
            return new PreparedKeySigning(key, StatementSigner.Sign(statement, authorisation), wire, blob);
        }
        catch
        {
            blob.Dispose();
            throw;
        }
    }

    /// <returns>64 bytes, verified.</returns>
    public async Task<byte[]> SubmitAsync(PreparedKeySigning prepared, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var body = ProtocolJson.Utf8(new SingleSignRequestJson(SignedJson.Of(prepared.Request.Statement), prepared.Wire), ProtocolJson.Default.SingleSignRequestJson);
        var call = new GatewayCall<AnswerJson>(HttpMethod.Post, GatewayTargets.SignWithKey(prepared.Key.Id), ProtocolJson.Default.AnswerJson) { Body = body };
        var answer = await new Waiting(time, timeout).UntilAsync(async (_, cancel) => await transport.SendAsync(call, cancel).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        if (!SingleAnswer.TryOpen(prepared.Blob.Response.Span, prepared.Request.Hash, answer.Answer, out var signature))
        {
            throw GatewayAnswer.Invalid("it does not come from the enclave that was asked to sign");
        }
        return prepared.IsSignature(signature)
            ? signature
            : throw new KeyMeldException(ErrorCodes.SignatureInvalid, $"The signature does not verify under the key {prepared.Key.PublicKey}.");
    }
}
