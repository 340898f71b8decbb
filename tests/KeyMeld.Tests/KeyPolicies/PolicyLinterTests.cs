using System.Text.Json.Nodes;
using KeyMeld.Attestation;

namespace KeyMeld.Tests.KeyPolicies;

public class PolicyLinterTests
{
    private static readonly Release A = Samples.Release('a');
    private static readonly Release B = Samples.Release('b');

    /// <summary>Every weakness: what is done to a clean policy of two releases, and the finding it must give.</summary>
    public static TheoryData<string> Weaknesses => [.. Weakenings.Keys];

    private static readonly Dictionary<string, (string Code, Action<JsonArray> Weaken)> Weakenings = new()
    {
        ["K15 no PCR2"] = ("pcr_incomplete", policy => Lines(policy, "Release0").Remove("kms:RecipientAttestation:PCR2")),
        ["K15 PCR0 by its other name only"] = ("pcr_incomplete", policy => SetLines(policy, "Release0", "StringEqualsIgnoreCase", ("kms:RecipientAttestation:ImageSha384", A.Pcr0))),
        ["K16 the signer only"] = ("signer_only", policy => SetLines(policy, "Release0", "StringEqualsIgnoreCase", ("kms:RecipientAttestation:PCR8", new string('8', 96)))),
        ["K14 a zero register"] = ("zero_pcr", policy => Lines(policy, "Release0")["kms:RecipientAttestation:PCR1"] = new string('0', 96)),
        ["a register that is none"] = ("pcr_malformed", policy => Lines(policy, "Release0")["kms:RecipientAttestation:PCR1"] = "abc"),
        ["a wildcard in a register"] = ("pcr_wildcard", policy => Lines(policy, "Release0")["kms:RecipientAttestation:PCR1"] = "*"),
        ["patterns in place of values"] = ("pcr_wildcard", policy => Rename(policy, "Release0", "StringLike")),
        ["upper case that is never met"] = ("pcr_case", policy =>
        {
            Rename(policy, "Release0", "StringEquals");
            Statement(policy, "Release0")["Condition"]!["StringEquals"]!["kms:RecipientAttestation:PCR1"] = A.Pcr1.ToUpperInvariant();
        }
        ),
        ["true without attestation"] = ("condition_optional", policy => Rename(policy, "Release0", "StringEqualsIgnoreCaseIfExists")),
        ["true for an empty set"] = ("condition_optional", policy => Rename(policy, "Release0", "ForAllValues:StringEqualsIgnoreCase")),
        ["negated"] = ("condition_negated", policy => Rename(policy, "Release0", "StringNotEqualsIgnoreCase")),
        ["two releases in one statement"] = ("cross_product", policy => Lines(policy, "Release0")["kms:RecipientAttestation:PCR0"] = new JsonArray(A.Pcr0, B.Pcr0)),
        ["K06 no attestation"] = ("unattested_use", policy => Statement(policy, "Release0").Remove("Condition")),
        ["K06 another statement without attestation"] = ("unattested_use", policy => policy.Add(Allow("backdoor", Samples.Role, "kms:Decrypt"))),
        ["K17 the account"] = ("root_delegation", policy => policy.Add(Allow("Enable IAM User Permissions", "arn:aws:iam::111122223333:root", "kms:*"))),
        ["K17 the account by its number"] = ("root_delegation", policy => policy.Add(Allow("account", "111122223333", "kms:PutKeyPolicy"))),
        ["everybody"] = ("any_principal", policy => policy.Add(Allow("open", "*", "kms:DescribeKey"))),
        ["a pattern of principals"] = ("wildcard_principal", policy => policy.Add(Allow("open", "arn:aws:iam::111122223333:role/keymeld-*", "kms:DescribeKey"))),
        ["an AWS service"] = ("foreign_principal", policy =>
        {
            var statement = Allow("service", Samples.Role, "kms:Decrypt");
            statement["Principal"] = new JsonObject { ["Service"] = "ec2.amazonaws.com" };
            policy.Add(statement);
        }
        ),
        ["a pattern of actions"] = ("wildcard_action", policy => Statement(policy, "Release0")["Action"] = "kms:*Key"),
        ["K17 grants"] = ("grants_allowed", policy => policy.Add(Allow("grants", Samples.Administrator, "kms:CreateGrant"))),
        ["K27 a replica"] = ("replica_allowed", policy => policy.Add(Allow("replica", Samples.Administrator, "kms:ReplicateKey"))),
        ["K06 encryption without attestation"] = ("unattested_operation", policy => policy.Add(Allow("encrypt", Samples.Role, "kms:Encrypt"))),
        ["K17 the role may change the policy"] = ("administrator_uses_key", policy => policy.Add(Allow("policy", Samples.Role, "kms:PutKeyPolicy"))),
        ["K17 use and administration in one statement"] = ("administrator_uses_key", policy => Statement(policy, "Release0")["Action"] = new JsonArray("kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy")),
        ["all but some actions"] = ("exclusion_in_allow", policy =>
        {
            Statement(policy, "Administration").Remove("Action");
            Statement(policy, "Administration")["NotAction"] = "kms:Decrypt";
        }
        ),
        ["a second user of the key"] = ("several_users", policy => Statement(policy, "Release1")["Principal"] = new JsonObject { ["AWS"] = "arn:aws:iam::111122223333:role/other" }),
        ["no Deny of what bypasses attestation"] = ("never_not_denied", policy => policy.Remove(Statement(policy, "Never"))),
        ["K27 no Deny of replicas"] = ("never_not_denied", policy => Statement(policy, "Never")["Action"] = new JsonArray([.. KmsActions.Never.Where(action => action != "kms:ReplicateKey").Select(action => (JsonNode)action)])),
        ["a Deny for one principal only"] = ("never_not_denied", policy => Statement(policy, "Never")["Principal"] = new JsonObject { ["AWS"] = Samples.Role }),
        ["a Deny under a condition"] = ("never_not_denied", policy => Statement(policy, "Never")["Condition"] = new JsonObject { ["Bool"] = new JsonObject { ["aws:SecureTransport"] = "false" } }),
        ["no Deny where PCR1 is wrong"] = ("deny_missing", policy => policy.Remove(Statement(policy, "OnlyReleasesPCR1"))),
        ["a Deny that asks for equality"] = ("deny_missing", policy => RenameDeny(policy, "OnlyReleasesPCR0", "StringEqualsIgnoreCase")),
        ["a Deny that a missing register escapes"] = ("deny_missing", policy => RenameDeny(policy, "OnlyReleasesPCR0", "ForAnyValue:StringNotEqualsIgnoreCase")),
        ["a Deny that forgets an action"] = ("deny_missing", policy => Statement(policy, "OnlyReleasesPCR2")["Action"] = "kms:Decrypt"),
        ["a Deny where all must be wrong"] = ("deny_conjunction", policy => DenyLines(policy, "OnlyReleasesPCR0")["kms:RecipientAttestation:PCR1"] = new JsonArray(A.Pcr1, B.Pcr1)),
        ["K29 an old register that is still let through"] = ("deny_stale", policy => DenyLines(policy, "OnlyReleasesPCR0")["kms:RecipientAttestation:PCR0"] = new JsonArray(A.Pcr0, B.Pcr0, new string('f', 96))),
        ["a release that the Deny forgets"] = ("deny_blocks_release", policy => DenyLines(policy, "OnlyReleasesPCR0")["kms:RecipientAttestation:PCR0"] = A.Pcr0),
        ["nobody can use the key"] = ("nothing_allowed", policy =>
        {
            policy.Remove(Statement(policy, "Release0"));
            policy.Remove(Statement(policy, "Release1"));
        }
        ),
        ["K29 a release that was not given"] = ("unknown_release", policy => SetLines(policy, "Release1", "StringEqualsIgnoreCase",
            ("kms:RecipientAttestation:PCR0", new string('d', 96)), ("kms:RecipientAttestation:PCR1", new string('d', 96)), ("kms:RecipientAttestation:PCR2", new string('d', 96)))),
        ["a release that is not let in"] = ("release_missing", policy => policy.Remove(Statement(policy, "Release1"))),
        ["an element nobody knows"] = ("policy_unreadable", policy => Statement(policy, "Release0")["Conditions"] = new JsonObject()),
        ["an effect that is none"] = ("policy_unreadable", policy => Statement(policy, "Release0")["Effect"] = "allow"),
    };

    [Theory]
    [MemberData(nameof(Weaknesses))]
    public void Every_weakness_is_named_with_what_to_do(string weakness)
    {
        var root = JsonNode.Parse(Samples.Plan(A, B).KeyPolicy())!;
        var (code, weaken) = Weakenings[weakness];
        weaken(root["Statement"]!.AsArray());

        var findings = PolicyLinter.Lint(root.ToJsonString(), [A, B]);

        Assert.True(findings.Any(finding => finding.Code == code), $"{weakness}: {string.Join(", ", findings.Select(finding => finding.Code))}");
        Assert.All(findings, finding => Assert.True(finding.Why.Length > 20 && finding.Action.Length > 5 && finding.Statement.Length > 0));
    }

    [Theory]
    [InlineData("any_key", """{"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}""")]
    [InlineData("any_key", """{"Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-west-2:111122223333:alias/keymeld"}""")]
    [InlineData("wildcard_action", """{"Action": "kms:*", "Resource": "arn:aws:kms:us-west-2:111122223333:key/1"}""")]
    [InlineData("beyond_use", """{"Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "arn:aws:kms:us-west-2:111122223333:key/1"}""")]
    [InlineData("beyond_use", """{"Action": "kms:PutKeyPolicy", "Resource": "arn:aws:kms:us-west-2:111122223333:key/1"}""")]
    [InlineData("exclusion_in_allow", """{"NotAction": "s3:*", "Resource": "*"}""")]
    public void Weaknesses_of_the_roles_own_policy_are_named(string code, string statement)
    {
        var policy = JsonNode.Parse(statement)!.AsObject();
        policy["Effect"] = "Allow";
        var findings = PolicyLinter.Lint(new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = policy }.ToJsonString());
        Assert.Contains(findings, finding => finding.Code == code);
    }

    [Fact]
    public void What_other_services_need_is_no_weakness_of_the_roles_policy() =>
        Assert.Empty(PolicyLinter.Lint("""{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}"""));

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"Version": "2012-10-17", "Statement": []}""")]
    [InlineData("""{"Version": "2008-10-17", "Statement": [{"Effect": "Deny"}]}""")]
    [InlineData("""{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": 1}]}""")]
    [InlineData("""{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Effect": "Allow"}]}""")]
    public void What_is_no_policy_is_a_finding_and_never_clean(string text) => Assert.Equal("policy_unreadable", Assert.Single(PolicyLinter.Lint(text)).Code);

    [Fact]
    public void The_policy_that_aws_gives_a_new_key_has_the_weaknesses_it_is_known_for()
    {
        var codes = PolicyLinter.Lint(KeyMeld.DevKit.Kms.Policies.KeyPolicy.DefaultFor("111122223333")).Select(finding => finding.Code).ToHashSet();
        Assert.Superset(new HashSet<string> { "root_delegation", "unattested_use", "wildcard_action", "never_not_denied", "deny_missing", "grants_allowed", "replica_allowed" }, codes);
    }

    private static JsonObject Statement(JsonArray policy, string sid) => policy.Single(statement => (string?)statement!["Sid"] == sid)!.AsObject();

    private static JsonObject Lines(JsonArray policy, string sid) => Statement(policy, sid)["Condition"]!["StringEqualsIgnoreCase"]!.AsObject();

    private static JsonObject DenyLines(JsonArray policy, string sid) => Statement(policy, sid)["Condition"]!["StringNotEqualsIgnoreCase"]!.AsObject();

    private static void SetLines(JsonArray policy, string sid, string test, params (string Key, string Value)[] lines) =>
        Statement(policy, sid)["Condition"] = new JsonObject { [test] = new JsonObject(lines.Select(line => KeyValuePair.Create(line.Key, (JsonNode?)line.Value))) };

    private static void Rename(JsonArray policy, string sid, string test) => Statement(policy, sid)["Condition"] = new JsonObject { [test] = Lines(policy, sid).DeepClone() };

    private static void RenameDeny(JsonArray policy, string sid, string test) => Statement(policy, sid)["Condition"] = new JsonObject { [test] = DenyLines(policy, sid).DeepClone() };

    private static JsonObject Allow(string sid, string principal, string action) => new()
    {
        ["Sid"] = sid,
        ["Effect"] = "Allow",
        ["Principal"] = new JsonObject { ["AWS"] = principal },
        ["Action"] = action,
        ["Resource"] = "*",
    };
}
