// Key ARNs: AWS KMS Developer Guide, "Key identifiers (KeyId)".
using System.Text.RegularExpressions;

namespace KeyMeld.Gateway.Configuration;

internal static partial class KmsKeyArn
{
    /// <summary>Whether this is the full ARN of a key: no alias, no bare id.</summary>
    public static bool IsKeyArn(string text) => Pattern().IsMatch(text);

    /// <summary>The region in the ARN of a key; null where that is none.</summary>
    public static string? RegionOf(string text) => Pattern().Match(text) is { Success: true } match ? match.Groups["region"].Value : null;

    [GeneratedRegex(@"\Aarn:aws(-[a-z]+)*:kms:(?<region>[a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
