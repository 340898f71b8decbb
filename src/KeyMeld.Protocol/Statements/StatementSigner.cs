using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>Signs statements.</summary>
public static class StatementSigner
{
    /// <summary>One signature over the statement's bytes, with fresh auxiliary randomness.</summary>
    /// <param name="type">One of <see cref="StatementType"/>.</param>
    /// <param name="statement">The statement's bytes.</param>
    /// <param name="key">Whose signature.</param>
    public static SchnorrSignature Sign(string type, ReadOnlySpan<byte> statement, SecretKey key)
    {
        var digest = StatementDigest.Of(type, statement);
        return key.SignSchnorr(digest.Bytes);
    }

    /// <summary>Encodes a statement and signs its bytes with each key, in the order the protocol gives.</summary>
    /// <exception cref="Errors.KeyMeldException">The statement contradicts itself.</exception>
    public static Signed<T> Sign<T>(T statement, params ReadOnlySpan<SecretKey> keys)
        where T : class, IStatement<T>
    {
        var bytes = statement.Encode();
        Hash32 digest = StatementDigest.Of(T.Type, bytes);
        var signatures = new SchnorrSignature[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            signatures[i] = keys[i].SignSchnorr(digest.Bytes);
        }
        return new Signed<T>(new SignedStatement(bytes, signatures), statement, digest);
    }
}
