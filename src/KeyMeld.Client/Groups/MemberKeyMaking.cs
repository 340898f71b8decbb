// protocol.md section 5, "Enclave-made member key".
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>A member key that its enclave made: public key, proof of possession, and the secret sealed by the enclave to itself.</summary>
internal sealed record MadeMemberKey(MemberKeyPlaintext Key, byte[] SelfSealed);

/// <summary>Has the hosting enclave make a member key. Only what answers under a secret that was sealed to the verified enclave is accepted.</summary>
internal sealed class MemberKeyMaking(GatewayTransport transport)
{
    private const int SelfSealedSize = AesGcmWire.Overhead + SecretKey.Size;

    /// <param name="offer">The group, its enclaves verified just now.</param>
    /// <param name="binding">B, with the source made.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="KeyMeldException"><c>gateway_response_invalid</c>: somebody else than the enclave answered; <c>pop_invalid</c>; or what the gateway answered.</exception>
    public async Task<MadeMemberKey> MakeAsync(GroupOffer offer, byte[] binding, CancellationToken cancellationToken)
    {
        var enclave = offer.Manifest.Enclaves[offer.Manifest.Participants[offer.Place].Enclave!.Value];
        using var response = SecretBytes.Random(MakeKeyEnvelope.ResponseSize);
        var body = new MakeKeyRequestJson(binding, MakeKeyEnvelope.Seal(enclave.Key, binding, response.Span));
        var call = new GatewayCall<AnswerJson>(HttpMethod.Post, GatewayTargets.MakeMemberKey(offer.Group), ProtocolJson.Default.AnswerJson)
        {
            Body = ProtocolJson.Utf8(body, ProtocolJson.Default.MakeKeyRequestJson),
            Reader = offer.Admission,
        };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return Open(response.Span, binding, answer.Answer);
    }

    private static MadeMemberKey Open(ReadOnlySpan<byte> response, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> wire)
    {
        var made = MadeKeyAnswer.Open(response, binding, wire);
        if (made is not { Proof: { } proof, Sealed: { Length: SelfSealedSize } selfSealed })
        {
            throw GatewayAnswer.Invalid("the enclave's answer lacks the proof or the sealed key");
        }
        return made.Key.ToXOnly().Verify(MemberKeyPlaintext.ProofDigest(binding, made.Key).Bytes, proof)
            ? new MadeMemberKey(new MemberKeyPlaintext(made.Key, proof), selfSealed)
            : throw new KeyMeldException(ErrorCodes.ProofOfPossessionInvalid, "The made key's proof of possession does not verify.");
    }
}
