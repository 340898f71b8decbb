using System.Text.RegularExpressions;

namespace KeyMeld.Enclave.Configuration;

/// <summary>Full ARN of a KMS key: <c>arn:PARTITION:kms:REGION:ACCOUNT:key/ID</c>. Aliases and bare ids are none.</summary>
internal static partial class KeyArn
{
    public static bool IsValid(string text) => Pattern().IsMatch(text);

    public static string RegionOf(string arn) => Pattern().Match(arn).Groups["region"].Value;

    public static bool IsAlias(string text) => Alias().IsMatch(text);

    [GeneratedRegex(@"\Aarn:aws[a-z-]{0,20}:kms:(?<region>[a-z0-9-]{1,40}):[0-9]{12}:key/[A-Za-z0-9-]{1,100}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\Aalias/[A-Za-z0-9/_-]{1,250}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Alias();
}
