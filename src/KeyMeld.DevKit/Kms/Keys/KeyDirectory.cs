using System.Text.RegularExpressions;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Keys;

/// <summary>Finds keys by the four forms of a KeyId: key id, key ARN, alias name, alias ARN.</summary>
internal sealed partial class KeyDirectory(string region, string accountId)
{
    private const string AliasPrefix = "alias/";

    public string KeyArn(string keyId) => $"arn:aws:kms:{region}:{accountId}:key/{keyId}";

    public string AliasArn(string alias) => $"arn:aws:kms:{region}:{accountId}:{alias}";

    /// <summary>The alias (with its prefix) in <paramref name="keyId"/>, or null for the forms that name a key directly.</summary>
    public static string? AliasIn(string keyId)
    {
        var resource = keyId.StartsWith("arn:", StringComparison.Ordinal) ? keyId.Split(':', 6)[^1] : keyId;
        return resource.StartsWith(AliasPrefix, StringComparison.Ordinal) ? resource : null;
    }

    public KeyRecord Resolve(KmsState state, string keyId)
    {
        var resource = keyId;
        if (keyId.StartsWith("arn:", StringComparison.Ordinal))
        {
            resource = ResourceOf(keyId);
            if (resource.StartsWith("key/", StringComparison.Ordinal))
                resource = resource["key/".Length..];
            else if (!resource.StartsWith(AliasPrefix, StringComparison.Ordinal))
                throw KmsFault.NotFound($"Invalid arn {keyId}");
        }
        if (resource.StartsWith(AliasPrefix, StringComparison.Ordinal))
        {
            return state.Aliases.TryGetValue(resource, out var alias) && state.Keys.TryGetValue(alias.TargetKeyId, out var target)
                ? target
                : throw KmsFault.NotFound($"Alias {AliasArn(resource)} is not found.");
        }
        if (!KeyIdForm().IsMatch(resource))
            throw KmsFault.NotFound($"Invalid keyId '{resource}'");
        return state.Keys.TryGetValue(resource, out var key) ? key : throw KmsFault.NotFound($"Key '{KeyArn(resource)}' does not exist");
    }

    private string ResourceOf(string arn)
    {
        var parts = arn.Split(':', 6);
        if (parts.Length != 6 || parts[1] != "aws" || parts[2] != "kms")
            throw KmsFault.NotFound($"Invalid arn {arn}");
        if (parts[3] != region)
            throw KmsFault.NotFound($"Invalid arn {parts[3]}");
        return parts[4] == accountId ? parts[5] : throw KmsFault.NotFound($"Key '{arn}' does not exist");
    }

    // A UUID, or the id of a multi-Region key.
    [GeneratedRegex(@"\A(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})\z")]
    private static partial Regex KeyIdForm();
}
