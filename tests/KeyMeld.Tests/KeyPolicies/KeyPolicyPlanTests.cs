using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Policies;

namespace KeyMeld.Tests.KeyPolicies;

public class KeyPolicyPlanTests
{
    private static readonly Release A = Samples.Release('a');
    private static readonly Release B = Samples.Release('b');

    [Fact]
    public void The_releases_use_the_key_and_no_mixture_of_theirs()
    {
        var policy = Samples.Plan(A, B).KeyPolicy();
        foreach (var action in (string[])["kms:Decrypt", "kms:GenerateDataKey"])
        {
            Assert.Equal(Decision.Allowed, Samples.Decide(policy, action, A));
            Assert.Equal(Decision.Allowed, Samples.Decide(policy, action, B));
            for (var mixture = 1; mixture < 7; mixture++)
            {
                var mixed = new Release(Pick(mixture, 1).Pcr0, Pick(mixture, 2).Pcr1, Pick(mixture, 4).Pcr2, A.KmsKeyArn);
                Assert.Equal(Decision.ImplicitDeny, Samples.Decide(policy, action, mixed));
            }
        }

        static Release Pick(int mixture, int bit) => (mixture & bit) == 0 ? A : B;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void K15_each_wrong_register_is_denied(int register)
    {
        var policy = Samples.Plan(A).KeyPolicy();
        foreach (var action in (string[])["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:DeriveSharedSecret"])
        {
            foreach (var wrong in (string?[])[new string('c', 96), new string('0', 96), A.Pcr0[..^1] + "b", null])
            {
                Assert.Equal(Decision.ExplicitDeny, Samples.Decide(policy, action, A, facts => Samples.Set(facts, register, wrong)));
            }
        }
    }

    [Fact]
    public void K06_without_attestation_nothing_is_allowed_to_anybody()
    {
        var policy = Samples.Plan(A, B).KeyPolicy();
        string[] actions =
        [
            "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:DeriveSharedSecret", "kms:Encrypt",
            "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant", "kms:ReplicateKey", "kms:UpdatePrimaryRegion", "kms:ImportKeyMaterial",
        ];
        foreach (var principal in (string[])[Samples.Role, Samples.Administrator, "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/other"])
        {
            Assert.All(actions, action => Assert.Equal(Decision.ExplicitDeny, Samples.Decide(policy, action, null, principal: principal)));
        }
    }

    [Fact]
    public void K17_nobody_else_uses_the_key_whatever_it_attests_and_the_administrator_only_administers()
    {
        var policy = Samples.Plan(A).KeyPolicy();
        foreach (var principal in (string[])[Samples.Administrator, "arn:aws:iam::111122223333:role/other", "arn:aws:iam::444455556666:role/keymeld-enclaves"])
        {
            Assert.Equal(Decision.ExplicitDeny, Samples.Decide(policy, "kms:Decrypt", A, principal: principal));
        }
        Assert.Equal(Decision.Allowed, Samples.Decide(policy, "kms:PutKeyPolicy", null, principal: Samples.Administrator));
        Assert.Equal(Decision.Allowed, Samples.Decide(policy, "kms:DescribeKey", null, principal: Samples.Administrator));
        foreach (var action in (string[])["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey"])
        {
            Assert.Equal(Decision.ImplicitDeny, Samples.Decide(policy, action, A));
            Assert.Equal(Decision.ImplicitDeny, Samples.Decide(policy, action, A, principal: "arn:aws:iam::111122223333:root"));
        }
    }

    [Fact]
    public void What_the_generator_writes_is_clean_for_the_linter()
    {
        Assert.Empty(PolicyLinter.Lint(Samples.Plan(A).KeyPolicy(), [A]));
        Assert.Empty(PolicyLinter.Lint(Samples.Plan(A, B).KeyPolicy(), [B, A]));
        Assert.Empty(PolicyLinter.Lint(Samples.Plan(A, B).RolePolicy()));
    }

    [Theory]
    [InlineData("alias/keymeld", Samples.Role, Samples.Administrator, "no full key ARN")]
    [InlineData("arn:aws:kms:us-west-2:111122223333:alias/keymeld", Samples.Role, Samples.Administrator, "no full key ARN")]
    [InlineData("arn:aws:kms:*:111122223333:key/1", Samples.Role, Samples.Administrator, "no full key ARN")]
    [InlineData(Samples.Key, "*", Samples.Administrator, "no ARN of a role")]
    [InlineData(Samples.Key, "arn:aws:iam::111122223333:role/*", Samples.Administrator, "no ARN of a role")]
    [InlineData(Samples.Key, "arn:aws:iam::111122223333:user/enclave", Samples.Administrator, "no ARN of a role")]
    [InlineData(Samples.Key, "arn:aws:iam::111122223333:root", Samples.Administrator, "no ARN of a role")]
    [InlineData(Samples.Key, "111122223333", Samples.Administrator, "no ARN of a role")]
    [InlineData(Samples.Key, "arn:aws:iam::444455556666:role/enclave", Samples.Administrator, "another account")]
    [InlineData(Samples.Key, "arn:aws-cn:iam::111122223333:role/enclave", Samples.Administrator, "another account or partition")]
    [InlineData(Samples.Key, Samples.Role, "arn:aws:iam::111122223333:root", "no ARN of a role or user")]
    [InlineData(Samples.Key, Samples.Role, "*", "no ARN of a role or user")]
    [InlineData(Samples.Key, Samples.Role, Samples.Role, "cannot both use and administer")]
    [InlineData(Samples.Key, Samples.Role, "arn:aws:sts::111122223333:assumed-role/keymeld-admin/session", "no ARN of a role or user")]
    public void K28_what_is_not_one_key_one_role_and_its_administrators_is_refused(string key, string role, string administrator, string said)
    {
        var refusal = Assert.Throws<ArgumentException>(() => new KeyPolicyPlan(key, [A], role, [administrator]));
        Assert.Contains(said, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_releases_than_a_key_policy_can_hold_are_refused()
    {
        var many = Enumerable.Range(0, 100).Select(number => new Release($"{number:d2}".PadRight(96, 'a'), $"{number:d2}".PadRight(96, 'b'), $"{number:d2}".PadRight(96, 'c'), Samples.Key)).ToArray();
        Assert.Contains("more than a key policy can hold", Assert.Throws<ArgumentException>(() => Samples.Plan(many).KeyPolicy()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Samples.Plan());
    }

    [Fact]
    public void The_old_keys_policy_lets_the_new_release_open_what_it_sealed()
    {
        var next = new Release(B.Pcr0, B.Pcr1, B.Pcr2, Samples.Key + "-next");
        Assert.Equal(Decision.Allowed, Samples.Decide(Samples.Plan(A, next).KeyPolicy(), "kms:Decrypt", next));
    }
}
