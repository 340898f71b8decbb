// protocol.md section 7: a key comes in sealed by its owner, or is made here.
using Google.Protobuf;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Keys;

/// <summary>Takes or makes a single-signer key and answers its owner. Nothing is kept: every signing brings the key along.</summary>
internal static class KeyAdding
{
    /// <exception cref="KeyMeldException"><c>epoch_retired</c>, and what <see cref="KeyOpening"/> refuses.</exception>
    public static KeyReply Add(UntrustedKey request, Keyring keyring)
    {
        var (statement, identity) = KeyOpening.Verify(Untrusted.Statement(request.Key, "key"), keyring);
        if (identity.Epoch != keyring.Newest.Epoch)
        {
            throw new KeyMeldException(ErrorCodes.EpochRetired, $"A new key must use this enclave's newest key, of epoch {keyring.Newest.Epoch}.");
        }
        return statement.Value.Source == KeySource.Made ? Make(statement, identity, request.Sealed.Span) : Import(statement, identity, request.Sealed.Span);
    }

    private static KeyReply Import(Signed<KeyStatement> statement, EpochIdentity identity, ReadOnlySpan<byte> wire)
    {
        var secret = SingleKeyEnvelope.OpenImported(identity.IdentityKey, statement, wire, out var response);
        using (response)
        using (var key = KeyOpening.Own(statement, identity, secret, wire))
        {
            return new KeyReply { Answer = Answer(new MadeKeyAnswer(key.Secret.PublicKey, null, null), statement, response) };
        }
    }

    private static KeyReply Make(Signed<KeyStatement> statement, EpochIdentity identity, ReadOnlySpan<byte> wire)
    {
        var binding = SingleKeyBinding.Of(statement.Value);
        using var response = MakeKeyEnvelope.Open(identity.IdentityKey, binding, wire);
        using var key = KeyOpening.Own(statement, identity, SecretKey.Generate(), wire);
        using var secret = key.Secret.Export();
        var selfSealed = SelfSeal.Seal(identity.IdentityKey, binding, secret.Span);
        return new KeyReply
        {
            Answer = Answer(new MadeKeyAnswer(key.Secret.PublicKey, null, Hash32.Sha256(selfSealed).ToArray()), statement, response),
            SelfSealed = UnsafeByteOperations.UnsafeWrap(selfSealed),
        };
    }

    private static ByteString Answer(MadeKeyAnswer answer, Signed<KeyStatement> statement, SecretBytes response) =>
        UnsafeByteOperations.UnsafeWrap(answer.Encrypt(response.Span, SingleKeyBinding.Of(statement.Value)));
}
