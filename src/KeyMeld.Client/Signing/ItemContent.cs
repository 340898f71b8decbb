using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>What is known of an item's message.</summary>
public abstract record ItemContent
{
    private ItemContent()
    {
    }

    internal static ItemContent Of(SigningItem item) => item switch
    {
        { Context: null } => new Opaque(),
        { Context: { Type: ItemContexts.Sha256, Data: var data } } => Hash32.Sha256(data.Span) == item.Message ? new Shown(data) : new Mismatch(data),
        _ => new Unknown(UntrustedText.Show(item.Context.Type)),
    };

    /// <summary>The request carries the content and the message is its SHA-256.</summary>
    /// <param name="Data">The content.</param>
    public sealed record Shown(ReadOnlyMemory<byte> Data) : ItemContent;

    /// <summary>The approver's own copy hashes to the message.</summary>
    /// <param name="Length">Its length in bytes.</param>
    public sealed record Matched(long Length) : ItemContent;

    /// <summary>Nothing shows what it is.</summary>
    public sealed record Opaque : ItemContent;

    /// <summary>The content it comes with is not what would be signed: it is never approved.</summary>
    /// <param name="Data">What the request claims.</param>
    public sealed record Mismatch(ReadOnlyMemory<byte> Data) : ItemContent;

    /// <summary>Something this version cannot show: it is never approved.</summary>
    /// <param name="Type">What it is called.</param>
    public sealed record Unknown(string Type) : ItemContent;
}
