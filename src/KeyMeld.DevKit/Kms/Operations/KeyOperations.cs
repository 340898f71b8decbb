using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Keys;
using KeyMeld.DevKit.Kms.Policies;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>CreateKey, DescribeKey and ListKeys.</summary>
internal static class KeyOperations
{
    public static JsonObject Create(KmsCall call)
    {
        var request = CreateKeyRequest.Read(call.Request);
        call.DemandAccount("kms:CreateKey");
        var service = call.Service;
        var keyId = AwsIds.Uuid();
        var key = new KeyRecord
        {
            KeyId = keyId,
            Arn = service.Directory.KeyArn(keyId),
            MaterialId = Convert.ToHexStringLower(KernelRandom.Bytes(32)),
            Material = KeyMaterial.Generate(),
            State = KeyState.Enabled,
            Created = call.Now,
            Description = request.Description,
            Policy = request.Policy ?? KeyPolicy.DefaultFor(service.AccountId),
        };
        PolicyOperations.CheckNewPolicy(call, key, key.Policy, request.BypassLockoutCheck);
        service.Store.Update(state => state.WithKey(key));
        call.Event.Touches(key);
        return new JsonObject { ["KeyMetadata"] = Metadata(call, key) };
    }

    public static JsonObject Describe(KmsCall call)
    {
        var keyId = call.Request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        call.Request.Check();
        return new JsonObject { ["KeyMetadata"] = Metadata(call, call.Authorized(call.Service.Store.Current, keyId, "kms:DescribeKey")) };
    }

    public static JsonObject List(KmsCall call)
    {
        var page = PageRequest.Read(call.Request, defaultLimit: 100);
        call.Request.Check();
        call.DemandAccount("kms:ListKeys");
        var keys = call.Service.Store.Current.Keys.Values;
        return page.Answer("Keys", keys, key => key.KeyId, key => new JsonObject { ["KeyId"] = key.KeyId, ["KeyArn"] = key.Arn });
    }

    private static JsonObject Metadata(KmsCall call, KeyRecord key)
    {
        var metadata = new JsonObject
        {
            ["AWSAccountId"] = call.Service.AccountId,
            ["Arn"] = key.Arn,
            ["CreationDate"] = AwsTime.Of(key.Created),
            ["CurrentKeyMaterialId"] = key.MaterialId,
            ["CustomerMasterKeySpec"] = "SYMMETRIC_DEFAULT",
            ["Description"] = key.Description,
            ["Enabled"] = key.State == KeyState.Enabled,
            ["EncryptionAlgorithms"] = new JsonArray("SYMMETRIC_DEFAULT"),
            ["KeyId"] = key.KeyId,
            ["KeyManager"] = "CUSTOMER",
            ["KeySpec"] = "SYMMETRIC_DEFAULT",
            ["KeyState"] = key.State.ToString(),
            ["KeyUsage"] = "ENCRYPT_DECRYPT",
            ["MultiRegion"] = false,
            ["Origin"] = "AWS_KMS",
        };
        if (key.DeletionDate is { } date)
            metadata["DeletionDate"] = AwsTime.Of(date);
        return metadata;
    }
}
