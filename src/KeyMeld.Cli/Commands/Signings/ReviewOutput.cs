using System.Globalization;
using System.Text;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary>
/// What an approver sees before deciding: who asks, until when, who approved; every key that would sign with its scripts; every item. Of a large batch people see the first items, and each one that takes more
/// than looking (opaque, mismatching, raw tweaks), always.
/// </summary>
internal static class ReviewOutput
{
    private const int MostShown = 20;
    private const int LongestPreview = 2000;

    public static void Print(SigningReview review, bool all, BitcoinNetwork network)
    {
        Report.Facts(
            ("requested by", review.RequestedBy is { } place ? $"member {place}" : "the creator"),
            ("state", review.State.ToString().ToLowerInvariant()),
            ("made", $"{review.Created:u}"),
            ("expires", $"{review.Expires:u}"),
            ("signers", Places(review.Signers)),
            ("decisions", Decisions(review)),
            ("still needed", Awaited(review)),
            ("items", Totals(review.Items)));
        var keys = review.Items.DistinctBy(item => item.Output).Select((item, index) => Name(review, item, $"key {index}")).ToList();
        var keyOf = keys.Index().ToDictionary(key => key.Item.Output, key => key.Index);
        KeyOutput.PrintAll(keys, network);
        if (Report.Json)
        {
            Report.Table("review", ["item", "message", "key", "signers", "content", "text", "adaptor point", "needs explicit choice"], review.Items.Select(item => (IReadOnlyList<string?>)
            [
                Number(item.Index), item.Message.ToString(), keys[keyOf[item.Output]].Name, Places(item.Signers), Kind(item.Content), item.Content is ItemContent.Shown shown ? Preview(shown.Data.Span, "\n") : null,
                item.Adaptor?.Point.ToString(), item.NeedsExplicitChoice ? "yes" : "no",
            ]));
            return;
        }
        foreach (var item in review.Items.Where(item => IsPrinted(item, all)))
        {
            Report.Say($"item {item.Index}: {keys[keyOf[item.Output]].Name}, signers {Places(item.Signers)}, message {item.Message}");
            Report.Say($"  {Describe(item.Content)}");
            if (item.OwnTweaks is not null)
            {
                Report.Say("  with tweaks of its own in place of those agreed on");
            }
            if (item.Adaptor is { } adaptor)
            {
                Describe(adaptor);
            }
        }
        var hidden = review.Items.Count(item => !IsPrinted(item, all));
        if (hidden > 0)
        {
            Report.Say($"{hidden} more items whose content is shown and hashes to the message: --all shows them.");
        }
    }

    private static bool IsPrinted(ReviewItem item, bool all) => all || item.Index < MostShown || item.NeedsExplicitChoice || item.Adaptor is { AlsoSignedPlain: true };

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

    private static NamedKey Name(SigningReview review, ReviewItem item, string name)
    {
        var subset = item.Subset is { } id ? review.Group.Subsets.Index().First(subset => subset.Item.Id == id).Index : (int?)null;
        return new NamedKey($"{name} ({(subset is { } index ? $"subset {index}" : "group")})", item.Subset?.ToString(), Places(item.Signers), item.Output);
    }

    private static string Totals(IReadOnlyList<ReviewItem> items) =>
        $"{items.Count}: {string.Join(", ", items.GroupBy(item => Kind(item.Content)).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Count()} {kind.Key}"))}";

    private static string Decisions(SigningReview review)
    {
        IEnumerable<string> requester = review.RequestedBy is { } by ? [$"{by} requested it"] : [];
        var decisions = requester.Concat(review.Decisions.Select(decision => $"{decision.Member} {(decision.Approved ? "approved" : "rejected")} {decision.At:u}")).ToList();
        return decisions.Count == 0 ? "none yet" : string.Join(", ", decisions);
    }

    private static string Awaited(SigningReview review)
    {
        List<string> awaited = [];
        if (review.AwaitedVotes > 0)
        {
            awaited.Add($"{review.AwaitedVotes} of approvers {Places(review.AwaitedApprovers)}");
        }
        if (review.AwaitedSigners.Count > 0)
        {
            awaited.Add($"signers {Places(review.AwaitedSigners)}, who insist");
        }
        return awaited.Count == 0 ? "nothing" : string.Join("; ", awaited);
    }

    private static string Kind(ItemContent content) => content switch
    {
        ItemContent.Shown => "shown",
        ItemContent.Matched => "matched by your own copy",
        ItemContent.Opaque => "OPAQUE",
        ItemContent.Mismatch => "MISMATCH",
        ItemContent.Unknown => "UNKNOWN",
        _ => throw new ArgumentOutOfRangeException(nameof(content)),
    };

    private static string Describe(ItemContent content) => content switch
    {
        ItemContent.Shown shown => $"content, {shown.Data.Length} bytes, hashes to the message:\n{Preview(shown.Data.Span)}",
        ItemContent.Matched matched => $"your own copy, {matched.Length} bytes, hashes to the message",
        ItemContent.Opaque => "OPAQUE: nothing shows what this is. Give your own copy with --file, or approve it blindly with --opaque",
        ItemContent.Mismatch mismatch => $"ALARM: it claims to be the following, which is NOT what would be signed:\n{Preview(mismatch.Data.Span)}",
        ItemContent.Unknown unknown => $"content of kind {unknown.Type}, which this version cannot check",
        _ => throw new ArgumentOutOfRangeException(nameof(content)),
    };

    private static string Places(IReadOnlyList<int> places) => string.Join(", ", places);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    // Whoever made the request chose these bytes: no control character of theirs reaches the terminal.
    private static string Preview(ReadOnlySpan<byte> data, string lineBreak = "\n  | ")
    {
        var text = new StringBuilder();
        foreach (var rune in Encoding.UTF8.GetString(data[..Math.Min(data.Length, LongestPreview)]).EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var hidden = category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned;
            text.Append(rune.Value == '\n' ? lineBreak : hidden ? "\uFFFD" : rune.ToString());
        }
        return $"{(lineBreak == "\n" ? "" : "  | ")}{text}{(data.Length > LongestPreview ? " …" : "")}";
    }
}
