// protocol.md section 7: what a key statement must hold before its secret is used.
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Keys;

/// <summary>Verifies key statements and opens what is stored beside them.</summary>
internal static class KeyOpening
{
    /// <summary>Opens a stored key: an imported one as its owner sealed it, a made one as this enclave did.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>enclave_mismatch</c>, <c>envelope_mismatch</c>, <c>envelope_unreadable</c>, <c>key_reused</c>.</exception>
    public static OwnedKey Open(SignedStatement signed, ReadOnlySpan<byte> wire, Keyring keyring)
    {
        var (statement, identity) = Verify(signed, keyring);
        if (statement.Value.Source == KeySource.Made)
        {
            return Own(statement, identity, SingleKeyEnvelope.OpenMade(identity.IdentityKey, statement, wire), wire);
        }
        var key = SingleKeyEnvelope.OpenImported(identity.IdentityKey, statement, wire, out var response);
        response.Dispose();
        return Own(statement, identity, key, wire);
    }

    /// <summary>The statement, verified, and the identity it names, which must be this enclave's in every particular.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>enclave_mismatch</c>.</exception>
    public static (Signed<KeyStatement> Statement, EpochIdentity Identity) Verify(SignedStatement signed, Keyring keyring)
    {
        var statement = Signed.ParseKey(signed);
        var named = statement.Value.Enclave;
        return keyring.TryFind(named.Key, out var identity) && named.Sign.Equals(identity.Sign) && named.Epoch == identity.Epoch && named.Id == keyring.EnclaveId
            ? (statement, identity)
            : throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "The key statement does not name a key of this enclave, with its statement key, epoch and number.");
    }

    /// <summary>Takes over the secret, unless it is the key that signs its owner's statements: then signing a message could be signing a statement.</summary>
    /// <exception cref="KeyMeldException"><c>key_reused</c>.</exception>
    public static OwnedKey Own(Signed<KeyStatement> statement, EpochIdentity identity, SecretKey secret, ReadOnlySpan<byte> wire)
    {
        if (!secret.XOnlyPublicKey.Equals(statement.Value.Auth))
        {
            return new OwnedKey(statement, identity, secret, Hash32.Sha256(wire));
        }
        secret.Dispose();
        throw new KeyMeldException(ErrorCodes.KeyReused, "A single-signer key must not be the key that authorises its use.");
    }
}
