using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>
/// What AWS KMS has and this emulator has not. None of it pretends: operations for other kinds of key are refused because of the key's usage, as by AWS;
/// operations on a key ask its policy first, so that a denied CreateGrant is seen to be denied; the rest is unsupported.
/// </summary>
internal static class RefusedOperations
{
    private static readonly string[] ForOtherUsages = ["Sign", "Verify", "GenerateMac", "VerifyMac", "DeriveSharedSecret"];

    private static readonly string[] OnKeys =
    [
        "CreateGrant", "DeleteImportedKeyMaterial", "DisableKeyRotation", "EnableKeyRotation", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
        "GetKeyLastUsage", "GetKeyRotationStatus", "GetParametersForImport", "GetPublicKey", "ImportKeyMaterial", "ListGrants", "ListKeyPolicies",
        "ListKeyRotations", "ListResourceTags", "ReplicateKey", "RevokeGrant", "RotateKeyOnDemand", "TagResource", "UntagResource", "UpdateKeyDescription",
        "UpdatePrimaryRegion",
    ];

    private static readonly string[] OfTheAccount =
    [
        "ConnectCustomKeyStore", "CreateCustomKeyStore", "DeleteCustomKeyStore", "DescribeCustomKeyStores", "DisconnectCustomKeyStore",
        "ListRetirableGrants", "RetireGrant", "UpdateCustomKeyStore",
    ];

    public static IEnumerable<KeyValuePair<string, Func<KmsCall, JsonObject?>>> All =>
    [
        .. ForOtherUsages.Select(name => KeyValuePair.Create<string, Func<KmsCall, JsonObject?>>(name, RefuseUsage)),
        .. OnKeys.Select(name => KeyValuePair.Create<string, Func<KmsCall, JsonObject?>>(name, RefuseOnKey)),
        .. OfTheAccount.Select(name => KeyValuePair.Create<string, Func<KmsCall, JsonObject?>>(name, RefuseOfAccount)),
    ];

    private static JsonObject? RefuseUsage(KmsCall call)
    {
        var keyId = call.Request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        call.Request.Check();
        var key = call.Authorized(call.Service.Store.Current, keyId, "kms:" + call.Event.Operation);
        throw KmsFault.WrongUsage(key.Arn, call.Event.Operation);
    }

    private static JsonObject? RefuseOnKey(KmsCall call)
    {
        var keyId = call.Request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        call.Request.Check();
        call.Authorized(call.Service.Store.Current, keyId, "kms:" + call.Event.Operation);
        throw NotOffered(call);
    }

    private static JsonObject? RefuseOfAccount(KmsCall call)
    {
        call.DemandAccount("kms:" + call.Event.Operation);
        throw NotOffered(call);
    }

    private static KmsFault NotOffered(KmsCall call) => KmsFault.Unsupported($"{call.Event.Operation} is not offered by this emulator.");
}
