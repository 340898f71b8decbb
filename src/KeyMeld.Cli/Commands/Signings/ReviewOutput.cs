using System.Text;
using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>What an approver sees before deciding.</summary>
internal static class ReviewOutput
{
    private const int LongestPreview = 2000;

    public static void Print(SigningReview review)
    {
        if (Report.Json)
        {
            return;
        }
        Report.Facts(
            ("requested by", review.RequestedBy is { } place ? $"member {place}" : "the creator"),
            ("made", $"{review.Created:u}"),
            ("expires", $"{review.Expires:u}"),
            ("signers", string.Join(", ", review.Signers)),
            ("decisions", review.Decisions.Count == 0 ? "none yet" : string.Join(", ", review.Decisions.Select(decision => $"{decision.Member} {(decision.Approved ? "approved" : "rejected")}"))));
        foreach (var item in review.Items)
        {
            Report.Say($"item {item.Index}: message {item.Message}, signed under {item.OutputKey}{(item.Subset is { } subset ? $", subset {subset}" : "")}");
            Report.Say($"  {Describe(item.Content)}");
            if (item.Adaptor is { } adaptor)
            {
                Describe(adaptor);
            }
        }
    }

    private static void Describe(ReviewAdaptor adaptor)
    {
        Report.Say($"  only a PRE-SIGNATURE: whoever has the secret of {adaptor.Point} completes it, and the signature then reveals that secret");
        foreach (var point in adaptor.Points)
        {
            Report.Say($"    one of its points, whose owner proved to know the secret: {point}");
        }
        if (adaptor.AlsoSignedPlain)
        {
            Report.Warn("  This request has the same message signed plain as well: whoever gets that signature needs no secret.");
        }
    }

    private static string Describe(ItemContent content) => content switch
    {
        ItemContent.Shown shown => $"content, {shown.Data.Length} bytes, hashes to the message:\n{Preview(shown.Data.Span)}",
        ItemContent.Matched matched => $"your own copy, {matched.Length} bytes, hashes to the message",
        ItemContent.Opaque => "OPAQUE: nothing shows what this is. Give your own copy with --file, or approve it blindly with --opaque",
        ItemContent.Mismatch mismatch => $"ALARM: it claims to be the following, which is NOT what would be signed:\n{Preview(mismatch.Data.Span)}",
        ItemContent.Unknown unknown => $"content of kind {unknown.Type}, which this version cannot check",
        _ => throw new ArgumentOutOfRangeException(nameof(content)),
    };

    // Whoever made the request chose these bytes: no control character of theirs reaches the terminal.
    private static string Preview(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetString(data[..Math.Min(data.Length, LongestPreview)]).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var hidden = category is System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.OtherNotAssigned;
            text.Append(rune.Value == '\n' ? "\n  | " : hidden ? "\uFFFD" : rune.ToString());
        }
        return $"  | {text}{(data.Length > LongestPreview ? " …" : "")}";
    }
}
