// protocol.md sections 6 and 10: signing-items, aad [purpose, ρ, signing]; signing-request.sealed = SHA-256 of the wire.
using System.Security.Cryptography;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Signing;

/// <summary>The items of a request, encrypted for the group.</summary>
public static class SealedItems
{
    /// <summary>Encrypts the items of a request to be.</summary>
    /// <exception cref="KeyMeldException">They contradict themselves.</exception>
    public static byte[] Seal(SessionCipher cipher, Hash32 roster, Id16 signing, IReadOnlyList<SigningItem> items) =>
        cipher.Encrypt(Purposes.SigningItems, Aad.SigningItems(roster, signing), SigningItems.Encode(items));

    /// <summary>Decrypts what a request names.</summary>
    /// <exception cref="KeyMeldException"><c>items_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static SigningItem[] Open(SessionCipher cipher, SigningRequest request, ReadOnlySpan<byte> wire)
    {
        if (request.Sealed != Hash32.Sha256(wire))
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items are not those the request was signed for.");
        }
        if (!cipher.TryDecrypt(Purposes.SigningItems, Aad.SigningItems(request.Roster, request.Signing), wire, out var plaintext))
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items do not open with the group's secret.");
        }
        try
        {
            return SigningItems.Parse(plaintext);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StatementInvalid)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, exception.Message, exception);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext); // messages are the group's alone
        }
    }
}
