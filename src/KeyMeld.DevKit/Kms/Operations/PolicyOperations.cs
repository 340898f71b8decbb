using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>GetKeyPolicy and PutKeyPolicy. A key has one policy, named `default`.</summary>
internal static class PolicyOperations
{
    private const string OnlyName = "default";

    public static JsonObject Get(KmsCall call)
    {
        var keyId = ReadKeyId(call.Request);
        call.Request.Check();
        var key = call.Authorized(call.Service.Store.Current, keyId, "kms:GetKeyPolicy");
        return new JsonObject { ["Policy"] = key.Policy, ["PolicyName"] = OnlyName };
    }

    public static JsonObject? Put(KmsCall call)
    {
        var keyId = ReadKeyId(call.Request);
        var policy = call.Request.RequiredText("Policy", maximum: 131072);
        var bypass = call.Request.Flag("BypassPolicyLockoutSafetyCheck");
        call.Request.Check();
        call.Service.Store.Update(state =>
        {
            var facts = new ConditionFacts().Add("kms:BypassPolicyLockoutSafetyCheck", bypass);
            var key = call.Authorized(state, keyId, "kms:PutKeyPolicy", facts);
            CheckNewPolicy(call, key, policy, bypass);
            return state.WithKey(key with { Policy = policy });
        });
        return null;
    }

    /// <summary>A policy must be well-formed and, unless the caller asks otherwise, must let the caller change it again.</summary>
    public static void CheckNewPolicy(KmsCall call, KeyRecord key, string policy, bool bypassLockoutCheck)
    {
        _ = KeyPolicyParser.Parse(policy);
        var facts = new ConditionFacts().Add("kms:BypassPolicyLockoutSafetyCheck", false);
        if (!bypassLockoutCheck && call.Service.Authorizer.Decide(call.Caller, "kms:PutKeyPolicy", key, policy, facts) != Decision.Allowed)
            throw KmsFault.MalformedPolicy("The new key policy will not allow you to update the key policy in the future.");
    }

    private static string ReadKeyId(RequestReader request)
    {
        var keyId = request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        return request.Text("PolicyName", maximum: 128) is null or OnlyName ? keyId : throw KmsFault.NotFound("No such policy exists");
    }
}
