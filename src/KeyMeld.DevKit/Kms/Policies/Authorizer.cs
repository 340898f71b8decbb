using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Policies;

/// <summary>Asks the key policy, and refuses with the two texts of AWS: an explicit deny, or nothing that allows.</summary>
internal sealed class Authorizer(string region, string accountId)
{
    /// <summary>Whether <paramref name="credential"/> may do <paramref name="action"/> (`kms:…`) with the key.</summary>
    public Decision Decide(KmsCredential credential, string action, KeyRecord key, string policy, ConditionFacts facts) =>
        KeyPolicyParser.Parse(policy).Evaluate(CallerOf(credential), action, key.Arn, AddCommon(facts, credential));

    public void Demand(KmsCredential credential, string action, KeyRecord key, ConditionFacts facts)
    {
        var reason = Decide(credential, action, key, key.Policy, facts) switch
        {
            Decision.Allowed => null,
            Decision.ExplicitDeny => "with an explicit deny in a resource-based policy",
            Decision.ImplicitDeny => $"because no resource-based policy allows the {action} action",
        };
        if (reason is not null)
            throw Denied(credential, action, key.Arn, reason);
    }

    /// <summary>Operations without a key (CreateKey, ListKeys, …) ask IAM alone, which here says yes to every principal of the account.</summary>
    public void DemandAccount(KmsCredential credential, string action)
    {
        if (credential.AccountId != accountId)
            throw Denied(credential, action, "*", $"because no identity-based policy allows the {action} action");
    }

    private static KmsFault Denied(KmsCredential credential, string action, string resource, string reason) =>
        KmsFault.AccessDenied($"User: {credential.CallerArn} is not authorized to perform: {action} on resource: {resource} {reason}");

    private static Caller CallerOf(KmsCredential credential) => new(credential.PrincipalArn, credential.CallerArn, credential.AccountId);

    private ConditionFacts AddCommon(ConditionFacts facts, KmsCredential credential) => facts
        .Add("aws:PrincipalArn", credential.PrincipalArn)
        .Add("aws:PrincipalAccount", credential.AccountId)
        .Add("aws:RequestedRegion", region)
        .Add("aws:SecureTransport", false)
        .Add("kms:CallerAccount", credential.AccountId)
        .Add("kms:KeySpec", "SYMMETRIC_DEFAULT")
        .Add("kms:KeyUsage", "ENCRYPT_DECRYPT")
        .Add("kms:KeyOrigin", "AWS_KMS")
        .Add("kms:MultiRegion", false);
}
