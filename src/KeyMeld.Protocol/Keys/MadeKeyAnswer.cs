// protocol.md section 10, "Answers": made-key = CBOR {key, ?pop, ?sealed}, AES-GCM under HKDF(response secret, "KeyMeld/v1/made-key").
using System.Security.Cryptography;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>What an enclave answers to whoever had it make or import a key; a client accepts such a key from nowhere else.</summary>
/// <param name="Key">The public key.</param>
/// <param name="Proof">Proof of possession, for member keys.</param>
/// <param name="Sealed">Made member keys: the self-sealed wire. Made single keys: its SHA-256. Absent for imported ones.</param>
public sealed record MadeKeyAnswer(PublicKey Key, SchnorrSignature? Proof, byte[]? Sealed)
{
    private const string Label = "KeyMeld/v1/made-key";

    /// <summary>Encrypts for the holder of the response secret.</summary>
    /// <param name="response">32 bytes that the caller sealed to the enclave.</param>
    /// <param name="binding">B or KB.</param>
    public byte[] Encrypt(ReadOnlySpan<byte> response, ReadOnlySpan<byte> binding)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            KeyDerivation.Derive(response, Label, key);
            return AesGcmWire.Encrypt(key, Aad.MadeKey(binding), Encode());
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Opens an answer.</summary>
    /// <exception cref="KeyMeldException"><c>gateway_response_invalid</c>: it was not made for this response secret and binding; <c>statement_invalid</c>: it was, and is ill-formed.</exception>
    public static MadeKeyAnswer Open(ReadOnlySpan<byte> response, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> wire)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            KeyDerivation.Derive(response, Label, key);
            return AesGcmWire.TryDecrypt(key, Aad.MadeKey(binding), wire, out var plaintext)
                ? Parse(plaintext)
                : throw new KeyMeldException(ErrorCodes.GatewayResponseInvalid, "The answer about the key does not come from the enclave it was asked of.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    internal static MadeKeyAnswer Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "answer about a key", Limits.StatementBytes);
        var map = reader.ReadMap();
        reader.Key(ref map, "key"u8);
        var key = reader.ReadPublicKey();
        var proof = reader.TryKey(ref map, "pop"u8) ? reader.ReadSignature() : null;
        var sealedSecret = reader.TryKey(ref map, "sealed"u8) ? reader.ReadBytes().ToArray() : null;
        reader.EndMap(map);
        reader.End();
        return new MadeKeyAnswer(key, proof, sealedSecret);
    }

    internal byte[] Encode()
    {
        var encoder = new CborEncoder().Map(1 + (Proof is null ? 0 : 1) + (Sealed is null ? 0 : 1)).Key("key"u8).Bytes(Key.Bytes);
        if (Proof is not null)
        {
            encoder.Key("pop"u8).Bytes(Proof.Bytes);
        }
        if (Sealed is not null)
        {
            encoder.Key("sealed"u8).Bytes(Sealed);
        }
        return Rules.Finish(encoder);
    }
}
