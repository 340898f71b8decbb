namespace KeyMeld.Attestation;

/// <summary>What a statement's conditions say about the registers of an attestation document.</summary>
internal static class AttestedCondition
{
    private const string Prefix = "kms:RecipientAttestation:";
    private const int Digits = 2 * PcrMath.Size;

    /// <summary>The register a condition key names, or null for another key. ImageSha384 is PCR0.</summary>
    public static int? RegisterOf(PolicyCondition condition)
    {
        if (!condition.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var name = condition.Key[Prefix.Length..];
        return name.Equals("ImageSha384", StringComparison.OrdinalIgnoreCase) ? 0
            : name.StartsWith("PCR", StringComparison.OrdinalIgnoreCase) && int.TryParse(name.AsSpan(3), System.Globalization.NumberStyles.None, null, out var index) ? index
            : -1;
    }

    /// <summary>Whether it demands one of its values, and fails where the register is missing.</summary>
    public static bool Demands(PolicyCondition condition) => condition.Operator is "StringEquals" or "StringEqualsIgnoreCase";

    /// <summary>Whether it is true for every other value and where the register is missing: what a Deny needs.</summary>
    public static bool Excludes(PolicyCondition condition) => condition.Operator is "StringNotEquals" or "StringNotEqualsIgnoreCase";

    /// <summary>What is wrong with a value; null when it is one register in hex.</summary>
    public static (string Code, string Why)? Fault(PolicyCondition condition, string value) =>
        value.Contains('*', StringComparison.Ordinal) || value.Contains('?', StringComparison.Ordinal) ? ("pcr_wildcard", "A wildcard in place of a register lets many images in, or none.")
        : value.Length != Digits || !value.All(char.IsAsciiHexDigit) ? ("pcr_malformed", $"'{value[..Math.Min(value.Length, 16)]}…' is no register: {Digits} hex digits.")
        : !value.AsSpan().ContainsAnyExcept('0') ? ("zero_pcr", "All-zero registers are those of every enclave in debug mode, whose memory the parent can read (K14).")
        : condition.Operator == "StringEquals" && value.Any(char.IsAsciiLetterUpper) ? ("pcr_case", "KMS compares lower-case digits: with StringEquals this value is never met.")
        : null;

    /// <summary>The values of a register that an Allow demands, in lower case.</summary>
    public static IReadOnlyList<string> Values(PolicyStatement statement, int register) =>
        [.. statement.Conditions.Where(condition => RegisterOf(condition) == register && Demands(condition)).SelectMany(condition => condition.Values).Select(value => value.ToLowerInvariant())];
}
