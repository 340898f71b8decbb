using System.Text.Json.Nodes;
using KeyMeld.Protocol.Hpke;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol.OwnVectors;

/// <summary>The pieces vectors are made of. Everything random comes from a label, and is written out beside its use.</summary>
internal static class Pieces
{
    public static byte[] Aux(string label) => Story.Bytes("aux of " + label);

    public static JsonNode Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    public static JsonNode Secret(SecretKey key)
    {
        using var secret = key.Export();
        return Hex(secret.Span);
    }

    public static (JsonObject Json, SchnorrSignature Signature) Signature(string label, SecretKey key, Hash32 digest)
    {
        var signature = key.SignSchnorr(digest.Bytes, Aux(label));
        Assert.True(key.XOnlyPublicKey.Verify(digest.Bytes, signature));
        return (new JsonObject { ["secret"] = Secret(key), ["public"] = key.XOnlyPublicKey.ToString(), ["aux"] = Hex(Aux(label)), ["signature"] = signature.ToString() }, signature);
    }

    public static (JsonObject Json, SignedStatement Signed) Statement<T>(string label, T value, params SecretKey[] keys)
        where T : class, IStatement<T>
    {
        var bytes = value.Encode();
        var digest = StatementDigest.Of(T.Type, bytes);
        var signatures = keys.Select((key, i) => Signature($"{label} {i}", key, digest)).ToArray();
        var signed = new SignedStatement(bytes, [.. signatures.Select(one => one.Signature)]);
        Assert.True(KeyMeld.Protocol.Statements.Signed.Read<T>(signed).TryVerify([.. keys.Select(key => key.XOnlyPublicKey)], out _));
        var json = new JsonObject
        {
            ["type"] = T.Type,
            ["bytes"] = Hex(bytes),
            ["sha256"] = Hash32.Sha256(bytes).ToString(),
            ["digest"] = digest.ToString(),
            ["signatures"] = new JsonArray([.. signatures.Select(one => one.Json)]),
        };
        return (json, signed);
    }

    public static (JsonObject Json, byte[] Wire) Hpke(string label, SecretKey recipient, string purpose, byte[] aad, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = SecretKey.Import(Story.Bytes("ephemeral of " + label));
        var wire = HpkeSealer.Seal(ephemeral, recipient.PublicKey, purpose, aad, plaintext);
        Assert.True(HpkeOpener.TryOpen(recipient, purpose, aad, wire, out var opened));
        Assert.Equal(plaintext, opened.Span);
        opened.Dispose();
        var json = new JsonObject
        {
            ["purpose"] = purpose,
            ["recipient_secret"] = Secret(recipient),
            ["recipient_public"] = recipient.PublicKey.ToString(),
            ["ephemeral_secret"] = Secret(ephemeral),
            ["aad"] = Hex(aad),
            ["plaintext"] = Hex(plaintext),
            ["wire"] = Hex(wire),
        };
        return (json, wire);
    }

    public static (JsonObject Json, byte[] Wire) Session(string label, SessionCipher cipher, string purpose, byte[] aad, byte[] plaintext)
    {
        var key = new byte[32];
        cipher.DeriveKey(purpose, aad, key);
        var (json, wire) = Gcm(label, key, aad, plaintext);
        Assert.True(cipher.TryDecrypt(purpose, aad, wire, out var opened));
        Assert.Equal(plaintext, opened);
        json.Insert(0, "purpose", purpose);
        return (json, wire);
    }

    public static (JsonObject Json, byte[] Wire) Derived(string label, byte[] secret, string info, byte[] aad, byte[] plaintext)
    {
        var key = new byte[32];
        KeyDerivation.Derive(secret, info, key);
        var (json, wire) = Gcm(label, key, aad, plaintext);
        json.Insert(0, "info", info);
        return (json, wire);
    }

    public static (JsonObject Json, byte[] Wire) Gcm(string label, byte[] key, byte[] aad, byte[] plaintext)
    {
        var nonce = Story.Bytes("nonce of " + label)[..12];
        var wire = AesGcmWire.Encrypt(key, nonce, aad, plaintext);
        return (new JsonObject { ["key"] = Hex(key), ["nonce"] = Hex(nonce), ["aad"] = Hex(aad), ["plaintext"] = Hex(plaintext), ["wire"] = Hex(wire) }, wire);
    }
}
