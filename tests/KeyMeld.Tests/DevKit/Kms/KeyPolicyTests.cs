using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Key policies: what they allow, what they deny, and which texts are no policy.</summary>
public sealed class KeyPolicyTests
{
    private const string Key = "arn:aws:kms:us-west-2:000000000000:key/0a0a0a0a-0000-4000-8000-000000000000";
    private const string Role = "arn:aws:iam::000000000000:role/enclave";
    private const string Session = "arn:aws:sts::000000000000:assumed-role/enclave/i-1";
    private static readonly Caller Enclave = new(Role, Session, "000000000000");
    private static readonly Caller Stranger = new("arn:aws:iam::999999999999:user/mallory", "arn:aws:iam::999999999999:user/mallory", "999999999999");

    /// <summary>The parts of one Allow statement and whether it lets the enclave Decrypt.</summary>
    public static TheoryData<string, bool> Statements => new()
    {
        { """ "Principal":{"AWS":"arn:aws:iam::000000000000:role/enclave"},"Action":"kms:Decrypt","Resource":"*" """, true },
        { """ "Principal":{"AWS":["999999999999","arn:aws:iam::000000000000:role/enclave"]},"Action":["kms:Encrypt","kms:Decrypt"],"Resource":["*"] """, true },
        { """ "Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/enclave/i-1"},"Action":"kms:Decrypt","Resource":"*" """, true },
        { """ "Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/enclave/i-2"},"Action":"kms:Decrypt","Resource":"*" """, false },
        { """ "Principal":{"AWS":"arn:aws:iam::000000000000:role/enclave2"},"Action":"kms:Decrypt","Resource":"*" """, false },
        { """ "Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:Decrypt","Resource":"*" """, true },
        { """ "Principal":{"AWS":"000000000000"},"Action":"kms:Decrypt","Resource":"*" """, true },
        { """ "Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"kms:Decrypt","Resource":"*" """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*" """, true },
        { """ "Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*" """, true },
        { """ "Principal":{"Service":"ec2.amazonaws.com"},"Action":"kms:*","Resource":"*" """, false },
        { """ "Principal":"*","Action":"kms:De*","Resource":"*" """, true },
        { """ "Principal":"*","Action":"KMS:decrypt","Resource":"*" """, true },
        { """ "Principal":"*","Action":"kms:Decryp","Resource":"*" """, false },
        { """ "Principal":"*","NotAction":"kms:Encrypt","Resource":"*" """, true },
        { """ "Principal":"*","NotAction":["kms:Encrypt","kms:Decrypt"],"Resource":"*" """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:000000000000:key/0a0a0a0a-*" """, true },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:000000000000:key/other" """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","NotResource":"arn:aws:kms:us-west-2:000000000000:key/other" """, true },
        { """ "Principal":"*","Action":"kms:Decrypt" """, false },
        { """ "Principal":"*","Resource":"*" """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{} """, true },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"a":"1"},"StringLike":{"b":["x","2*"]}} """, true },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"a":"1"},"StringLike":{"b":"3*"}} """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"a":"1","b":"23"}} """, true },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"a":"1","c":"1"}} """, false },
        { """ "Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"Bool":{"d":false}} """, true },
    };

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_statement_allows_what_all_its_elements_match(string elements, bool allows)
    {
        var decision = KeyPolicyParser.Parse(
            $$$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow",{{{elements}}}}}""").Evaluate(Enclave, "kms:Decrypt", Key, Facts());
        Assert.Equal(allows ? Decision.Allowed : Decision.ImplicitDeny, decision);

        // The same statement as a Deny beside an Allow of everything.
        var denied = KeyPolicyParser.Parse($$$"""
            {"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Effect":"Deny",{{{elements}}}}]}
            """).Evaluate(Enclave, "kms:Decrypt", Key, Facts());
        Assert.Equal(allows ? Decision.ExplicitDeny : Decision.Allowed, denied);
    }

    [Fact]
    public void The_default_policy_lets_the_account_in_and_nobody_else()
    {
        var policy = KeyPolicyParser.Parse(KeyPolicy.DefaultFor("000000000000"));
        Assert.Equal(Decision.Allowed, policy.Evaluate(Enclave, "kms:Decrypt", Key, new()));
        Assert.Equal(Decision.ImplicitDeny, policy.Evaluate(Stranger, "kms:Decrypt", Key, new()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"Version":"2012-10-17"}""")]
    [InlineData("""{"Statement":[]}""")]
    [InlineData("""{"Statement":["x"]}""")]
    [InlineData("""{"Version":"2020-01-01","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Version":"2012-10-17","Statements":[],"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Principal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"allow","Principal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","NotPrincipal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{},"Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"arn:aws:iam::000000000000:root","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/*x y"},"Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/*"},"Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":{"Aws":"*"},"Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","NotAction":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":1,"Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"NumericEquals":{"a":"1"}}}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":"a"}}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"a":{"b":"c"}}}}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"a":"${aws:username}"}}}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:\ud800","Resource":"*"}]}""")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"\ud800":{"a":"b"}}}]}""")]
    public void A_text_that_is_not_wholly_understood_is_no_policy(string text) =>
        Assert.Equal("MalformedPolicyDocumentException", Assert.Throws<KmsFault>(() => KeyPolicyParser.Parse(text)).Code);

    [Fact]
    public void A_policy_of_more_than_32_kib_is_too_long()
    {
        var policy = KeyPolicy.DefaultFor("000000000000");
        _ = KeyPolicyParser.Parse(policy.PadRight(KeyPolicyParser.MaxBytes));
        Assert.Equal("LimitExceededException", Assert.Throws<KmsFault>(() => KeyPolicyParser.Parse(policy.PadRight(KeyPolicyParser.MaxBytes + 1))).Code);
    }

    [Fact]
    public void K15_a_release_is_allowed_only_with_all_three_of_its_measurements()
    {
        var policy = KeyPolicyParser.Parse($$$"""
            {"Version":"2012-10-17","Statement":[{{{Release("a0", "a1", "a2")}}},{{{Release("b0", "b1", "b2")}}}]}
            """);
        Assert.Equal(Decision.Allowed, Decide(policy, "a0", "a1", "a2"));
        Assert.Equal(Decision.Allowed, Decide(policy, "b0", "b1", "b2"));
        Assert.Equal(Decision.ImplicitDeny, Decide(policy, "a0", "a1", "b2"));
        Assert.Equal(Decision.ImplicitDeny, Decide(policy, "a0", "b1", "b2"));
        Assert.Equal(Decision.ImplicitDeny, policy.Evaluate(Enclave, "kms:Decrypt", Key, new()));
    }

    [Fact]
    public void K17_an_explicit_deny_without_attestation_beats_root_delegation()
    {
        var policy = KeyPolicyParser.Parse("""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*","Resource":"*"},
              {"Effect":"Deny","Principal":"*","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*",
               "Condition":{"StringNotEqualsIgnoreCase":{"kms:RecipientAttestation:PCR0":["A0","B0"]}}}]}
            """);
        Assert.Equal(Decision.ExplicitDeny, policy.Evaluate(Enclave, "kms:Decrypt", Key, new()));
        Assert.Equal(Decision.ExplicitDeny, policy.Evaluate(Enclave, "kms:GenerateDataKeyWithoutPlaintext", Key, new()));
        Assert.Equal(Decision.ExplicitDeny, Decide(policy, "c0", "a1", "a2"));
        Assert.Equal(Decision.Allowed, Decide(policy, "b0", "", ""));
        Assert.Equal(Decision.Allowed, policy.Evaluate(Enclave, "kms:DescribeKey", Key, new()));
    }

    [Fact]
    public void K16_a_signers_register_alone_lets_in_whatever_he_ever_signs_and_three_measurements_do_not()
    {
        var bySigner = KeyPolicyParser.Parse($$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{{Role}}}"},"Action":"kms:Decrypt","Resource":"*",
              "Condition":{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:PCR8":"5e" } } }]}
            """);
        var byRelease = KeyPolicyParser.Parse($$$"""{"Version":"2012-10-17","Statement":[{{{Release("a0", "a1", "a2")}}}]}""");
        var leakAll = new ConditionFacts().AddPcrs(new Dictionary<int, string> { [0] = "f0", [1] = "f1", [2] = "f2", [8] = "5e" });
        Assert.Equal(Decision.Allowed, bySigner.Evaluate(Enclave, "kms:Decrypt", Key, leakAll));
        Assert.Equal(Decision.ImplicitDeny, byRelease.Evaluate(Enclave, "kms:Decrypt", Key, leakAll));
    }

    [Fact]
    public void K29_a_release_that_left_the_policy_is_denied_even_where_another_statement_is_wide()
    {
        const string Wide = """{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}""";
        KeyPolicy With(params string[] releases) => KeyPolicyParser.Parse($$$"""
            {"Version":"2012-10-17","Statement":[{{{Wide}}},{"Effect":"Deny","Principal":"*","Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*",
              "Condition":{"StringNotEqualsIgnoreCase":{"kms:RecipientAttestation:PCR0":[{{{string.Join(',', releases.Select(release => $"\"{release}\""))}}}] } } }]}
            """);
        Assert.Equal(Decision.Allowed, Decide(With("a0", "b0"), "a0", "a1", "a2"));
        Assert.Equal(Decision.Allowed, Decide(With("a0", "b0"), "b0", "b1", "b2"));
        Assert.Equal(Decision.ExplicitDeny, Decide(With("b0"), "a0", "a1", "a2"));
        Assert.Equal(Decision.Allowed, Decide(With("b0"), "b0", "b1", "b2"));
    }

    private static string Release(string pcr0, string pcr1, string pcr2) => $$$"""
        {"Effect":"Allow","Principal":{"AWS":"{{{Role}}}"},"Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*","Condition":{"StringEqualsIgnoreCase":{
          "kms:RecipientAttestation:PCR0":"{{{pcr0}}}","kms:RecipientAttestation:PCR1":"{{{pcr1}}}","kms:RecipientAttestation:PCR2":"{{{pcr2}}}" } } }
        """;

    private static Decision Decide(KeyPolicy policy, string pcr0, string pcr1, string pcr2) =>
        policy.Evaluate(Enclave, "kms:Decrypt", Key, new ConditionFacts().AddPcrs(new Dictionary<int, string> { [0] = pcr0, [1] = pcr1, [2] = pcr2 }));

    private static ConditionFacts Facts() => new ConditionFacts().Add("a", "1").Add("b", "23").Add("d", false);
}
