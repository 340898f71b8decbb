using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KeyMeld.DevKit.Kms.Ciphertext;
using KeyMeld.DevKit.Kms.Policies;
using KeyMeld.DevKit.Kms.Recipients;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Operations;

/// <summary>Encrypt, Decrypt and ReEncrypt. A `Recipient` on Encrypt or ReEncrypt is no member of theirs and ignored, as by AWS: no plaintext leaves.</summary>
internal static class CipherOperations
{
    private const string Symmetric = "SYMMETRIC_DEFAULT";

    public static JsonObject Encrypt(KmsCall call)
    {
        var request = call.Request;
        var keyId = request.RequiredText("KeyId", maximum: Limits.KeyIdLength);
        var plaintext = request.RequiredBlob("Plaintext", Limits.PlaintextBytes);
        var context = request.Context("EncryptionContext");
        var algorithm = ReadAlgorithm(request, "EncryptionAlgorithm");
        var isDryRun = request.Flag("DryRun");
        request.Check();

        call.Event.Uses("encryptionContext", context);
        var key = call.Authorized(call.Service.Store.Current, keyId, "kms:Encrypt", Facts(context));
        DemandSymmetric(algorithm);
        KeyStateOperations.DemandUsable(key);
        call.EndDryRun(isDryRun);
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(CiphertextBlob.Seal(key, CiphertextBlob.OfEncrypt, context, plaintext)),
            ["EncryptionAlgorithm"] = Symmetric,
            ["KeyId"] = key.Arn,
        };
    }

    public static JsonObject Decrypt(KmsCall call)
    {
        var request = call.Request;
        var recipient = RecipientRequest.Read(request);
        var source = SealedSource.Read(request, "KeyId", "EncryptionContext");
        var algorithm = ReadAlgorithm(request, "EncryptionAlgorithm");
        request.Check(recipient is null ? [] : [recipient.Reader]);
        source.CheckModifiers();

        call.Event.Uses("encryptionContext", source.Context);
        var facts = Facts(source.Context);
        var verified = recipient?.Verify(call, facts);
        var key = source.Authorized(call, call.Service.Store.Current, "kms:Decrypt", facts);
        DemandSymmetric(algorithm);
        KeyStateOperations.DemandUsable(key);
        var plaintext = source.Open(call, key);
        try
        {
            call.EndDryRun(source.IsDryRun);
            var answer = new JsonObject { ["EncryptionAlgorithm"] = Symmetric, ["KeyId"] = key.Arn, ["KeyMaterialId"] = key.MaterialId };
            PlaintextAnswer.Add(answer, call, plaintext, verified);
            return answer;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    public static JsonObject ReEncrypt(KmsCall call)
    {
        var request = call.Request;
        var source = SealedSource.Read(request, "SourceKeyId", "SourceEncryptionContext");
        var destinationKeyId = request.RequiredText("DestinationKeyId", maximum: Limits.KeyIdLength);
        var context = request.Context("DestinationEncryptionContext");
        string?[] algorithms = [ReadAlgorithm(request, "SourceEncryptionAlgorithm"), ReadAlgorithm(request, "DestinationEncryptionAlgorithm")];
        request.Check();
        source.CheckModifiers();

        call.Event.Uses("sourceEncryptionContext", source.Context);
        call.Event.Uses("destinationEncryptionContext", context);
        var state = call.Service.Store.Current;
        var onSameKey = source.Resolve(call, state) == call.Service.Directory.Resolve(state, destinationKeyId);
        var from = source.Authorized(call, state, "kms:ReEncryptFrom", Facts(source.Context).Add("kms:ReEncryptOnSameKey", onSameKey));
        var to = call.Authorized(state, destinationKeyId, "kms:ReEncryptTo", Facts(context).Add("kms:ReEncryptOnSameKey", onSameKey));
        foreach (var algorithm in algorithms)
            DemandSymmetric(algorithm);
        KeyStateOperations.DemandUsable(from);
        KeyStateOperations.DemandUsable(to);
        var plaintext = source.Open(call, from);
        try
        {
            call.EndDryRun(source.IsDryRun);
            return new JsonObject
            {
                ["CiphertextBlob"] = Convert.ToBase64String(CiphertextBlob.Seal(to, CiphertextBlob.OfEncrypt, context, plaintext)),
                ["DestinationEncryptionAlgorithm"] = Symmetric,
                ["DestinationKeyMaterialId"] = to.MaterialId,
                ["KeyId"] = to.Arn,
                ["SourceEncryptionAlgorithm"] = Symmetric,
                ["SourceKeyId"] = from.Arn,
                ["SourceKeyMaterialId"] = from.MaterialId,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    private static ConditionFacts Facts(EncryptionContext context) => new ConditionFacts().AddEncryption(context);

    private static string? ReadAlgorithm(RequestReader request, string member) =>
        request.Choice(member, [Symmetric, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"]);

    private static void DemandSymmetric(string? algorithm)
    {
        if (algorithm is not (null or Symmetric))
            throw KmsFault.WrongAlgorithm(algorithm);
    }
}
