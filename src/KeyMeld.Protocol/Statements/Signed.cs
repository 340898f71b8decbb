using System.Diagnostics.CodeAnalysis;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>A statement that parsed, whose signatures nobody has checked. Take from it only what is needed to find the keys, then <see cref="Verify"/>.</summary>
/// <typeparam name="T">The statement.</typeparam>
public sealed class Unverified<T>
    where T : class, IStatement<T>
{
    private readonly SignedStatement _statement;

    internal Unverified(SignedStatement statement)
    {
        _statement = statement;
        Value = T.Parse(statement.Statement.Span);
        Digest = StatementDigest.Of(T.Type, statement.Statement.Span);
    }

    /// <summary>What the bytes say.</summary>
    public T Value { get; }

    /// <summary>What the signatures must be over.</summary>
    public Hash32 Digest { get; }

    /// <summary>Checks one signature for each key, in order.</summary>
    /// <param name="keys">Who must have signed.</param>
    /// <param name="verified">The statement, if all of them did and nobody else.</param>
    public bool TryVerify(ReadOnlySpan<XOnlyPublicKey> keys, [NotNullWhen(true)] out Signed<T>? verified)
    {
        verified = null;
        if (_statement.Signatures.Count != keys.Length || keys.IsEmpty)
        {
            return false;
        }
        for (var i = 0; i < keys.Length; i++)
        {
            if (!keys[i].Verify(Digest.Bytes, _statement.Signatures[i]))
            {
                return false;
            }
        }
        verified = new Signed<T>(_statement, Value, Digest);
        return true;
    }

    /// <summary>Checks one signature for each key, in order.</summary>
    /// <param name="code">The code of the refusal, from <see cref="ErrorCodes"/>.</param>
    /// <param name="keys">Who must have signed.</param>
    /// <exception cref="KeyMeldException">A signature is missing, invalid or one too many.</exception>
    public Signed<T> Verify(string code, params ReadOnlySpan<XOnlyPublicKey> keys) =>
        TryVerify(keys, out var verified) ? verified : throw new KeyMeldException(code, $"The {T.Type} is not signed by the key it must be signed by.");
}

/// <summary>A statement whose signatures were verified; having one is the proof.</summary>
/// <typeparam name="T">The statement.</typeparam>
[SuppressMessage("Naming", "CA1720", Justification = "It is what it says.")]
public sealed class Signed<T>
    where T : class, IStatement<T>
{
    internal Signed(SignedStatement statement, T value, Hash32 digest)
    {
        Statement = statement;
        Value = value;
        Digest = digest;
    }

    /// <summary>What the bytes say.</summary>
    public T Value { get; }

    /// <summary>The bytes as they were signed.</summary>
    public ReadOnlyMemory<byte> Bytes => Statement.Statement;

    /// <summary>What was signed: the manifest hash of a manifest, D of a signing request.</summary>
    public Hash32 Digest { get; }

    /// <summary>SHA-256 of the bytes, as roster hash and key hash use it.</summary>
    public Hash32 Hash => Statement.Hash;

    /// <summary>The signatures.</summary>
    public IReadOnlyList<SchnorrSignature> Signatures => Statement.Signatures;

    /// <summary>Bytes and signatures, to send or store.</summary>
    public SignedStatement Statement { get; }
}

/// <summary>Ways from received to verified statements.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "It is what it says.")]
public static class Signed
{
    /// <summary>Parses; the signatures are still to be verified.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static Unverified<T> Read<T>(SignedStatement statement)
        where T : class, IStatement<T> => new(statement);

    /// <summary>A manifest, verified with the creator's key inside it.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>limit_exceeded</c> or <c>manifest_invalid</c>.</exception>
    public static Signed<Manifest> ParseManifest(SignedStatement statement)
    {
        var read = Read<Manifest>(statement);
        return read.Verify(ErrorCodes.ManifestInvalid, read.Value.Creator);
    }

    /// <summary>A registration, verified with the place's admission key and the authorisation key inside it.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>registration_invalid</c>.</exception>
    public static Signed<Registration> ParseRegistration(SignedStatement statement, XOnlyPublicKey admission)
    {
        var read = Read<Registration>(statement);
        return read.Verify(ErrorCodes.RegistrationInvalid, admission, read.Value.Auth);
    }

    /// <summary>A key statement, verified with the owner's key inside it.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>.</exception>
    public static Signed<KeyStatement> ParseKey(SignedStatement statement)
    {
        var read = Read<KeyStatement>(statement);
        return read.Verify(ErrorCodes.StatementInvalid, read.Value.Auth);
    }

    /// <summary>Any other statement, verified with the one key that must have signed it.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, or <paramref name="code"/> where the signature is not that key's.</exception>
    public static Signed<T> Parse<T>(SignedStatement statement, XOnlyPublicKey key, string code = ErrorCodes.StatementInvalid)
        where T : class, IStatement<T> => Read<T>(statement).Verify(code, key);
}
