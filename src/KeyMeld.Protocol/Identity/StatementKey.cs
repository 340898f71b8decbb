// protocol.md section 10: HKDF(identity secret, "KeyMeld/v1/enclave-sign"), then label ‖ 0x01, 0x02 … until a valid scalar.
using System.Security.Cryptography;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Identity;

/// <summary>Derives the key with which an enclave signs what it says.</summary>
public static class StatementKey
{
    private static ReadOnlySpan<byte> Label => "KeyMeld/v1/enclave-sign"u8;

    /// <summary>The statement key of an identity key; the caller disposes it.</summary>
    public static SecretKey Derive(SecretKey identity)
    {
        using var secret = identity.Export();
        Span<byte> candidate = stackalloc byte[SecretKey.Size];
        try
        {
            for (var counter = 0; counter <= byte.MaxValue; counter++)
            {
                KeyDerivation.Derive(secret.Span, [], counter == 0 ? Label : [.. Label, (byte)counter], candidate);
                if (SecretKey.TryImport(candidate, out var key))
                {
                    return key;
                }
            }
            throw new CryptographicException("No statement key.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(candidate);
        }
    }
}
