using System.Text.RegularExpressions;

namespace KeyMeld.Attestation;

/// <summary>
/// Who may do what with the KMS key that seals the enclaves' identity keys: the releases, under one role, and nobody else; the administrators administer. What it writes is
/// what the enclave's policy probe and the linter expect.
/// </summary>
public sealed partial class KeyPolicyPlan
{
    /// <summary>Quota "key policy document size", in bytes.</summary>
    private const int MaxPolicyBytes = 32 * 1024;

    private readonly IReadOnlyList<Release> _releases;
    private readonly string _keyArn;
    private readonly string _role;
    private readonly IReadOnlyList<string> _administrators;

    /// <summary>Plans the policy of one key.</summary>
    /// <param name="keyArn">The key. Releases may name another: while the KMS key is changed, the new release still opens what the old key sealed.</param>
    /// <param name="releases">Every build that may use the key, at least one; while an update runs, the old and the new.</param>
    /// <param name="role">ARN of the role whose credentials the enclaves get, exactly: no wildcard, no user, no account.</param>
    /// <param name="administrators">ARNs of the roles or users that administer the key, at least one; none of them is <paramref name="role"/>.</param>
    /// <exception cref="ArgumentException">A value is not of that form; the message says which and why.</exception>
    public KeyPolicyPlan(string keyArn, IReadOnlyList<Release> releases, string role, IReadOnlyList<string> administrators)
    {
        var key = Key().Match(keyArn);
        Require(key.Success, $"'{keyArn}' is no full key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID). An alias can be pointed at another key.");
        Require(releases.Count > 0, "A policy needs at least one release: without one nobody could use the key.");
        RequirePrincipal(role, key, "role/");
        Require(administrators.Count > 0, "A policy needs an administrator, or nobody could ever change it.");
        foreach (var administrator in administrators)
        {
            RequirePrincipal(administrator, key, "");
            Require(administrator != role, $"{administrator} cannot both use and administer the key: whoever holds its credentials could open the policy.");
        }
        (_keyArn, _releases, _role, _administrators) = (keyArn, [.. releases.DistinctBy(release => (release.Pcr0, release.Pcr1, release.Pcr2))], role, [.. administrators.Distinct()]);
    }

    /// <summary>The key policy: one Allow a release, explicit Denies for everything else, no delegation to the account.</summary>
    /// <exception cref="ArgumentException">There are more releases than a key policy can hold.</exception>
    public string KeyPolicy()
    {
        using var policy = new PolicyJson();
        policy.Statement("Administration", "Allow", _administrators, KmsActions.Administration, "*");
        foreach (var (index, release) in _releases.Index())
        {
            policy.Statement($"Release{index}", "Allow", [_role], KmsActions.Use, "*",
                ("StringEqualsIgnoreCase", KmsActions.Register(0), [release.Pcr0]),
                ("StringEqualsIgnoreCase", KmsActions.Register(1), [release.Pcr1]),
                ("StringEqualsIgnoreCase", KmsActions.Register(2), [release.Pcr2]));
        }
        string[] guarded = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DeriveSharedSecret"];
        foreach (var (index, values) in Registers())
        {
            // True also where there is no attestation at all, so that neither a grant nor an IAM policy gets around it.
            policy.Statement($"OnlyReleasesPCR{index}", "Deny", ["*"], guarded, "*", ("StringNotEqualsIgnoreCase", KmsActions.Register(index), values));
        }
        policy.Statement("OnlyTheRole", "Deny", ["*"], guarded, "*", ("ArnNotEquals", "aws:PrincipalArn", [_role]));
        policy.Statement("Never", "Deny", ["*"], KmsActions.Never, "*");
        var text = policy.Finish();
        Require(System.Text.Encoding.UTF8.GetByteCount(text) <= MaxPolicyBytes, $"{_releases.Count} releases are more than a key policy can hold ({MaxPolicyBytes} bytes): leave out those that no longer run.");
        return text;
    }

    /// <summary>The IAM policy of the role: the two calls an enclave makes, with this one key, and an explicit Deny for what would get around attestation.</summary>
    public string RolePolicy()
    {
        using var policy = new PolicyJson();
        policy.Statement("UseTheKey", "Allow", null, KmsActions.Use, _keyArn);
        policy.Statement("Never", "Deny", null, [.. KmsActions.Never, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"], _keyArn);
        return policy.Finish();
    }

    private IEnumerable<(int Index, IReadOnlyList<string> Values)> Registers() =>
    [
        (0, [.. _releases.Select(release => release.Pcr0).Distinct()]),
        (1, [.. _releases.Select(release => release.Pcr1).Distinct()]),
        (2, [.. _releases.Select(release => release.Pcr2).Distinct()]),
    ];

    private static void RequirePrincipal(string arn, Match key, string kind)
    {
        var match = Principal().Match(arn);
        Require(match.Success && arn.Contains($":{kind}", StringComparison.Ordinal), $"'{arn}' is no ARN of a {(kind.Length == 0 ? "role or user" : "role")} (arn:aws:iam::ACCOUNT:role/NAME): wildcards, accounts and root are refused, since they let in more than one.");
        Require(match.Groups["account"].Value == key.Groups["account"].Value && match.Groups["partition"].Value == key.Groups["partition"].Value,
            $"'{arn}' is of another account or partition than the key.");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new ArgumentException(otherwise);
        }
    }

    [GeneratedRegex(@"\Aarn:(?<partition>aws(?:-[a-z]+)*):kms:[a-z0-9-]+:(?<account>[0-9]{12}):key/[A-Za-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Key();

    [GeneratedRegex(@"\Aarn:(?<partition>aws(?:-[a-z]+)*):iam::(?<account>[0-9]{12}):(?:role|user)/[A-Za-z0-9_+=,.@/-]{1,512}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Principal();
}
