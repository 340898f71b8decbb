using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>GenerateDataKey, GenerateDataKeyWithoutPlaintext and GenerateRandom.</summary>
internal static class DataKeyOperations
{
    private static readonly string[] KeySpecs = ["AES_256", "AES_128"];

    public static JsonObject Generate(KmsCall call)
    {
        var recipient = RecipientRequest.Read(call.Request);
        return Generate(call, "kms:GenerateDataKey", recipient, (answer, dataKey, verified) => PlaintextAnswer.Add(answer, call, dataKey, verified));
    }

    public static JsonObject GenerateWithoutPlaintext(KmsCall call) =>
        Generate(call, "kms:GenerateDataKeyWithoutPlaintext", recipient: null, (_, _, _) => { });

    public static JsonObject GenerateRandom(KmsCall call)
    {
        var recipient = RecipientRequest.Read(call.Request);
        var length = call.Request.Integer("NumberOfBytes", 1, Limits.DataKeyBytes);
        var keyStore = call.Request.Text("CustomKeyStoreId", maximum: 64);
        call.Request.Check(recipient is null ? [] : [recipient.Reader]);
        if (length is null)
            throw KmsFault.Validation("NumberOfBytes is required.");
        if (keyStore is not null)
            throw KmsFault.Unsupported("This emulator has no custom key stores.");
        var verified = recipient?.Verify(call, new());
        call.DemandAccount("kms:GenerateRandom");
        var bytes = KernelRandom.Bytes(length.Value);
        var answer = new JsonObject();
        PlaintextAnswer.Add(answer, call, bytes, verified);
        return answer;
    }

    private static JsonObject Generate(KmsCall call, string action, RecipientRequest? recipient, Action<JsonObject, byte[], VerifiedRecipient?> addPlaintext)
    {
        var request = call.Request;
        var keyId = request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        var spec = request.Choice("KeySpec", KeySpecs);
        var length = request.Integer("NumberOfBytes", 1, Limits.DataKeyBytes);
        var context = request.Context("EncryptionContext");
        var isDryRun = request.Flag("DryRun");
        request.Check(recipient is null ? [] : [recipient.Reader]);
        if ((spec is null) == (length is null))
            throw KmsFault.Validation("Please specify either number of bytes or key spec.");

        call.Event.Uses("encryptionContext", context);
        var facts = new ConditionFacts().AddEncryption(context);
        var verified = recipient?.Verify(call, facts);
        var key = call.Authorized(call.Service.Store.Current, keyId, action, facts);
        KeyStateOperations.DemandUsable(key);
        call.EndDryRun(isDryRun);

        var dataKey = KernelRandom.Bytes(length ?? (spec == "AES_256" ? 32 : 16));
        try
        {
            var answer = new JsonObject
            {
                ["CiphertextBlob"] = Convert.ToBase64String(CiphertextBlob.Seal(key, CiphertextBlob.OfDataKey, context, dataKey)),
                ["KeyId"] = key.Arn,
                ["KeyMaterialId"] = key.MaterialId,
            };
            addPlaintext(answer, dataKey, verified);
            return answer;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }
    }
}
