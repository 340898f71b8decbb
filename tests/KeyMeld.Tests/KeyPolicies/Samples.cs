using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Policies;

namespace KeyMeld.Tests.KeyPolicies;

/// <summary>An account with one key, and what KMS (the emulator's policy evaluation) decides there.</summary>
internal static class Samples
{
    public const string Key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    public const string Role = "arn:aws:iam::111122223333:role/keymeld-enclaves";
    public const string Administrator = "arn:aws:iam::111122223333:role/keymeld-administrator";

    /// <summary>A release whose registers all begin with its letter and differ.</summary>
    public static Release Release(char letter) => new(new string(letter, 95) + "0", new string(letter, 95) + "1", new string(letter, 95) + "2", Key);

    public static KeyPolicyPlan Plan(params Release[] releases) => new(Key, releases, Role, [Administrator]);

    /// <param name="policy">The key policy.</param>
    /// <param name="action">What is asked.</param>
    /// <param name="attested">What the attestation document measures; null: there is none.</param>
    /// <param name="change">Changes what it measures.</param>
    /// <param name="principal">Who asks.</param>
    public static Decision Decide(string policy, string action, Release? attested, Action<Dictionary<int, string>>? change = null, string principal = Role)
    {
        var facts = new ConditionFacts().Add("aws:PrincipalArn", principal);
        if (attested is not null)
        {
            Dictionary<int, string> pcrs = new() { [0] = attested.Pcr0, [1] = attested.Pcr1, [2] = attested.Pcr2, [3] = new string('3', 96) };
            change?.Invoke(pcrs);
            facts.AddPcrs(pcrs);
        }
        return KeyPolicyParser.Parse(policy).Evaluate(new Caller(principal, principal, principal.Split(':')[4]), action, Key, facts);
    }

    public static void Set(Dictionary<int, string> pcrs, int register, string? value)
    {
        pcrs.Remove(register);
        if (value is not null)
        {
            pcrs[register] = value;
        }
    }
}
