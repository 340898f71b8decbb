using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Policies;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Condition operators against a request, with AWS's rules for missing keys and for keys of several values.</summary>
public sealed class ConditionTests
{
    private const string Pcr0 = "kms:RecipientAttestation:PCR0";
    private const string ContextKeys = "kms:EncryptionContextKeys";

    /// <summary>Operator, key, the policy's values, and whether it holds: when the key is missing, has a value that matches, has another.</summary>
    public static TheoryData<string, string, bool, bool, bool> SingleValued => new()
    {
        { "StringEquals", "aa", false, true, false },
        { "StringEquals", "zz|aa", false, true, false },
        { "StringNotEquals", "aa", true, false, true },
        { "StringNotEquals", "zz|aa", true, false, true },
        { "StringEqualsIgnoreCase", "AA", false, true, false },
        { "StringNotEqualsIgnoreCase", "AA", true, false, true },
        { "StringLike", "a*", false, true, false },
        { "StringLike", "?a", false, true, false },
        { "StringNotLike", "a*", true, false, true },
        { "StringEqualsIfExists", "aa", true, true, false },
        { "StringNotEqualsIfExists", "aa", true, false, true },
        { "StringEqualsIgnoreCaseIfExists", "AA", true, true, false },
        { "StringLikeIfExists", "a*", true, true, false },
        { "Null", "true", true, false, false },
        { "Null", "false", false, true, true },
        { "ForAnyValue:StringEquals", "aa", false, true, false },
        { "ForAnyValue:StringNotEquals", "aa", false, false, true },
        { "ForAllValues:StringEquals", "aa", true, true, false },
        { "ForAllValues:StringNotEquals", "aa", true, false, true },
        { "ForAnyValue:StringEqualsIfExists", "aa", true, true, false },
        { "stringequals", "aa", false, true, false },
    };

    [Theory]
    [MemberData(nameof(SingleValued))]
    public void An_operator_holds_as_aws_defines_it(string name, string values, bool whenMissing, bool whenMatching, bool whenOther)
    {
        Assert.True(Condition.IsOffered(name));
        var condition = new Condition(name, Pcr0, values.Split('|'));
        Assert.Equal(whenMissing, condition.Holds(new()));
        Assert.Equal(whenMatching, condition.Holds(new ConditionFacts().Add(Pcr0, "aa")));
        Assert.Equal(whenOther, condition.Holds(new ConditionFacts().Add(Pcr0, "bb")));
    }

    /// <summary>Whether it holds for a request with the context keys {app, id}; {app}; {id, other}.</summary>
    public static TheoryData<string, string, bool, bool, bool> MultiValued => new()
    {
        { "ForAllValues:StringEquals", "app|id", true, true, false },
        { "ForAllValues:StringEquals", "app", false, true, false },
        { "ForAnyValue:StringEquals", "app", true, true, false },
        { "ForAnyValue:StringEquals", "app|id", true, true, true },
        { "ForAllValues:StringNotEquals", "app", false, false, true },
        { "ForAnyValue:StringNotEquals", "app", true, false, true },
        { "ForAllValues:StringLike", "a*|i*", true, true, false },
        { "StringEquals", "app", true, true, false },
        { "StringNotEquals", "app", false, false, true },
    };

    [Theory]
    [MemberData(nameof(MultiValued))]
    public void A_set_operator_looks_at_each_value_of_the_request(string name, string values, bool forBoth, bool forApp, bool forOthers)
    {
        var condition = new Condition(name, ContextKeys, values.Split('|'));
        Assert.Equal(forBoth, condition.Holds(new ConditionFacts().Add(ContextKeys, "app", "id")));
        Assert.Equal(forApp, condition.Holds(new ConditionFacts().Add(ContextKeys, "app")));
        Assert.Equal(forOthers, condition.Holds(new ConditionFacts().Add(ContextKeys, "id", "other")));
    }

    [Fact]
    public void An_encryption_context_gives_a_key_for_each_pair_and_the_list_of_names()
    {
        var facts = new ConditionFacts().AddEncryption(new EncryptionContext(new Dictionary<string, string> { ["app"] = "keymeld", ["Id"] = "7" }));
        Assert.Equal(["SYMMETRIC_DEFAULT"], facts.Find("kms:EncryptionAlgorithm")!);
        Assert.Equal(["keymeld"], facts.Find("kms:EncryptionContext:app")!);
        Assert.Equal(["7"], facts.Find("KMS:encryptioncontext:id")!);
        Assert.Equal(["Id", "app"], facts.Find(ContextKeys)!.Order(StringComparer.Ordinal));
        Assert.Null(new ConditionFacts().AddEncryption(EncryptionContext.Empty).Find(ContextKeys));
    }

    [Fact]
    public void Measurements_are_facts_by_their_index_and_pcr0_also_as_image()
    {
        var facts = new ConditionFacts().AddPcrs(new Dictionary<int, string> { [0] = "00ff", [31] = "ab" });
        Assert.Equal(["00ff"], facts.Find(Pcr0)!);
        Assert.Equal(["00ff"], facts.Find("kms:RecipientAttestation:ImageSha384")!);
        Assert.Equal(["ab"], facts.Find("kms:RecipientAttestation:PCR31")!);
        Assert.Null(facts.Find("kms:RecipientAttestation:PCR1"));
        Assert.Null(facts.Find("kms:RecipientAttestation"));
    }

    [Fact]
    public void Bool_compares_without_case_and_is_false_for_a_missing_key()
    {
        var condition = new Condition("Bool", "kms:BypassPolicyLockoutSafetyCheck", ["TRUE"]);
        Assert.False(condition.Holds(new()));
        Assert.True(condition.Holds(new ConditionFacts().Add("kms:BypassPolicyLockoutSafetyCheck", true)));
        Assert.False(condition.Holds(new ConditionFacts().Add("kms:BypassPolicyLockoutSafetyCheck", false)));
    }

    [Theory]
    [InlineData("arn:aws:iam::000000000000:role/*", true)]
    [InlineData("arn:aws:iam::*:role/enclave", true)]
    [InlineData("arn:aws:iam:*", false)]
    [InlineData("arn:aws:sts::000000000000:role/enclave", false)]
    public void A_wildcard_of_an_arn_operator_stays_in_its_part(string pattern, bool matches)
    {
        var facts = new ConditionFacts().Add("aws:PrincipalArn", "arn:aws:iam::000000000000:role/enclave");
        Assert.Equal(matches, new Condition("ArnLike", "aws:PrincipalArn", [pattern]).Holds(facts));
        Assert.Equal(!matches, new Condition("ArnNotLike", "aws:PrincipalArn", [pattern]).Holds(facts));
    }

    [Theory]
    [InlineData("NumericEquals")]
    [InlineData("DateLessThan")]
    [InlineData("IpAddress")]
    [InlineData("StringEqual")]
    [InlineData("NullIfExists")]
    [InlineData("ForSomeValues:StringEquals")]
    [InlineData("")]
    public void An_operator_that_is_not_evaluated_is_not_offered(string name) => Assert.False(Condition.IsOffered(name));

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "abc", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a*c", "ac", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbbd", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("*a*b*", "xxaxxbxx", true)]
    [InlineData("*aab", "aaaab", true)]
    [InlineData("kms:*", "KMS:Decrypt", false)]
    public void Wildcards_match_runs_and_single_characters(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Wildcards.Matches(pattern, text));
}
