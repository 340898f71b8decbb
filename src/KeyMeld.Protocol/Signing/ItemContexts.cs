// protocol.md section 6: context is what the message is, from which the approver recomputes it; without one, approving needs the explicit opaque call.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Signing;

/// <summary>Whether an item shows what it signs.</summary>
public static class ItemContexts
{
    /// <summary>The type whose data is the SHA-256 preimage of the message.</summary>
    public const string Sha256 = "sha256";

    /// <summary>An item that shows what it signs.</summary>
    /// <param name="data">The preimage of the message.</param>
    public static ItemContext OfPreimage(ReadOnlyMemory<byte> data) => new(Sha256, data);

    /// <summary>Whether the item shows what it signs; false where it shows nothing (opaque).</summary>
    /// <exception cref="KeyMeldException"><c>context_mismatch</c>: what is shown is not what would be signed; <c>unsupported</c>: a type this version cannot recompute.</exception>
    public static bool IsShown(SigningItem item) => item.Context switch
    {
        null => false,
        { Type: Sha256 } context when Hash32.Sha256(context.Data.Span) == item.Message => true,
        { Type: Sha256 } => throw new KeyMeldException(ErrorCodes.ContextMismatch, $"What the item {item.Item} shows is not what it would sign."),
        _ => throw new KeyMeldException(ErrorCodes.Unsupported, $"The item {item.Item} shows its message in a way this version cannot check."),
    };
}
